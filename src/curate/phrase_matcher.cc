#include "curate/phrase_matcher.h"

#include <algorithm>

#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr std::string_view kStart = "^";
constexpr std::string_view kAnyNumber = "#";

bool matches(const std::vector<std::string>& words, const std::vector<LineToken>& tokens,
             size_t from) {
  if (from + words.size() > tokens.size()) return false;
  for (size_t i = 0; i < words.size(); ++i) {
    const LineToken& token = tokens[from + i];
    const bool fits =
        words[i] == kAnyNumber ? token.kind == TokenKind::kNumber : token.text == words[i];
    if (!fits) return false;
  }
  return true;
}

std::vector<std::string> plurals(std::string_view word) {
  const std::string text(word);
  if (text.ends_with("y") && text.size() > 2 &&
      std::string_view("aeiou").find(text[text.size() - 2]) == std::string_view::npos) {
    return {text.substr(0, text.size() - 1) + "ies"};
  }
  if (text.ends_with("s") || text.ends_with("x") || text.ends_with("ch") || text.ends_with("sh")) {
    return {text + "es"};
  }
  return {text + "s"};
}

}  // namespace

std::vector<std::string_view> split_phrases(std::string_view phrases) {
  std::vector<std::string_view> result;
  while (!phrases.empty()) {
    const size_t end = std::min(phrases.find('|'), phrases.size());
    const std::string_view phrase = str_trim(phrases.substr(0, end));
    if (!phrase.empty()) result.push_back(phrase);
    phrases.remove_prefix(std::min(end + 1, phrases.size()));
  }
  return result;
}

PhraseMatcher::PhraseMatcher(std::vector<LexiconGroup> groups) : groups_(std::move(groups)) {
  uint32_t number = 0;
  for (uint32_t group = 0; group < groups_.size(); ++group) {
    for (const std::string_view phrase : split_phrases(groups_[group].phrases)) {
      add(phrase, group, number);
      if (groups_[group].with_plurals) {
        for (const std::string& plural : plurals(phrase)) add(plural, group, number);
      }
      ++number;
    }
  }
  // The longest first; equal ones stay as they were written.
  for (auto& [first, phrases] : by_first_) {
    std::stable_sort(phrases.begin(), phrases.end(), [](const Phrase& a, const Phrase& b) {
      return a.rest.size() > b.rest.size();
    });
  }
}

void PhraseMatcher::add(std::string_view phrase, uint32_t group, uint32_t number) {
  std::vector<std::string> words;
  for (const std::string& part : str_split(phrase, ' ')) {
    if (part == kStart || part == kAnyNumber) {
      words.push_back(part);
      continue;
    }
    for (const LineToken& token : tokenize_line(part)) words.push_back(token.text);
  }
  const std::string first = words.front();
  words.erase(words.begin());
  by_first_[first].push_back({.rest = std::move(words), .group = group, .number = number});
}

std::vector<uint32_t> PhraseMatcher::count(const std::vector<LineToken>& tokens) const {
  std::vector<std::pair<uint32_t, uint32_t>> found;  // group, number
  const auto look_up = [&](std::string_view first, size_t next) {
    const auto phrases = by_first_.find(std::string(first));
    if (phrases == by_first_.end()) return;
    std::vector<uint32_t> groups_here;
    for (const Phrase& phrase : phrases->second) {
      if (std::find(groups_here.begin(), groups_here.end(), phrase.group) != groups_here.end() ||
          !matches(phrase.rest, tokens, next)) {
        continue;
      }
      groups_here.push_back(phrase.group);
      found.emplace_back(phrase.group, phrase.number);
    }
  };
  look_up(kStart, 0);
  for (size_t i = 0; i < tokens.size(); ++i) {
    look_up(tokens[i].kind == TokenKind::kNumber ? kAnyNumber : tokens[i].text, i + 1);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<uint32_t> counts(groups_.size(), 0);
  for (const auto& [group, number] : found) ++counts[group];
  return counts;
}

}  // namespace rexbert::curate
