#include "corpus/grammar.h"

#include <numeric>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::corpus {
namespace {

[[noreturn]] void throw_pattern(std::string_view pattern, std::string_view problem) {
  throw Error(ErrorCode::kInternal, str_cat("pattern ", str_quote(pattern), ": ", problem));
}

// The end of the bracket that opens at `begin`: the index of its "]".
size_t closing_bracket(std::string_view pattern, size_t begin) {
  int depth = 0;
  for (size_t i = begin; i < pattern.size(); ++i) {
    if (pattern[i] == '[') ++depth;
    if (pattern[i] == ']' && --depth == 0) return i;
  }
  throw_pattern(pattern, "unclosed [");
}

std::vector<std::string_view> alternatives(std::string_view body) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '[') ++depth;
    if (body[i] == ']') --depth;
    if (body[i] == '|' && depth == 0) {
      parts.push_back(body.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  parts.push_back(body.substr(begin));
  return parts;
}

std::string realize_slot(std::string_view slot, const Facts& facts, Draw& draw) {
  const bool capital = slot.starts_with('^');
  if (capital) slot.remove_prefix(1);
  const bool article = slot.starts_with("a ");
  if (article) slot.remove_prefix(2);
  const auto fact = facts.find(slot);
  std::string text = fact != facts.end() ? fact->second : std::string(draw.pick(word_list(slot)));
  if (article) text = with_article(text);
  return capital ? capitalized(std::move(text)) : text;
}

void append_pattern(std::string& out, std::string_view pattern, const Facts& facts, Draw& draw) {
  for (size_t i = 0; i < pattern.size();) {
    if (pattern[i] == '[') {
      const size_t end = closing_bracket(pattern, i);
      const auto choices = alternatives(pattern.substr(i + 1, end - i - 1));
      append_pattern(out, draw.pick(choices), facts, draw);
      i = end + 1;
    } else if (pattern[i] == '{') {
      const size_t end = pattern.find('}', i);
      if (end == std::string_view::npos) throw_pattern(pattern, "unclosed {");
      out += realize_slot(pattern.substr(i + 1, end - i - 1), facts, draw);
      i = end + 1;
    } else {
      const size_t end = std::min(pattern.find_first_of("[{", i), pattern.size());
      out += pattern.substr(i, end - i);
      i = end;
    }
  }
}

}  // namespace

std::string realize(std::string_view pattern, const Facts& facts, Draw& draw) {
  std::string out;
  append_pattern(out, pattern, facts, draw);
  return out;
}

std::string realize_some(Patterns patterns, size_t count, const Facts& facts, Draw& draw) {
  std::vector<size_t> order(patterns.size());
  std::iota(order.begin(), order.end(), size_t{0});
  draw.shuffle(order);
  if (order.size() > count) order.resize(count);
  std::string out;
  for (const size_t i : order) {
    if (!out.empty()) out += ' ';
    append_pattern(out, patterns[i], facts, draw);
  }
  return out;
}

std::string realize_led(Patterns patterns, size_t count, const Facts& facts, Draw& draw) {
  std::string out = realize(patterns.front(), facts, draw);
  const std::string rest = realize_some(patterns.subspan(1), count, facts, draw);
  return rest.empty() ? out : out + ' ' + rest;
}

std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

std::string with_article(std::string_view noun) {
  const bool vowel = !noun.empty() && std::string_view("aeiouAEIOU").find(noun[0]) != noun.npos &&
                     !noun.starts_with("uni") && !noun.starts_with("use");
  return str_cat(vowel ? "an " : "a ", noun);
}

std::string grouped(int64_t value) {
  std::string text = std::to_string(value);
  const size_t first = text.starts_with('-') ? 1 : 0;
  for (size_t i = text.size(); i > first + 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

}  // namespace rexbert::corpus
