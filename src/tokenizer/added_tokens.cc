#include "tokenizer/added_tokens.h"

#include <algorithm>

#include "tokenizer/unicode_classes.h"

namespace rexbert::tokenizer {
namespace {

uint32_t edge(uint32_t node, char byte) { return node << 8 | static_cast<uint8_t>(byte); }

size_t pair_of(char first, char second) {
  return static_cast<size_t>(static_cast<uint8_t>(first)) << 8 | static_cast<uint8_t>(second);
}

bool has_class(std::string_view text, size_t at, CharacterClass wanted) {
  return (classes_of(character_at(text, at).point) & wanted) != 0;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(const std::vector<AddedToken>& tokens,
                                     const std::vector<std::string>& contents)
    : tokens_(tokens), token_of_node_(1, -1) {
  for (size_t i = 0; i < contents.size(); ++i) {
    const std::string& content = contents[i];
    uint32_t node = 0;
    for (const char byte : content) {
      const auto [child, added] =
          children_.emplace(edge(node, byte), static_cast<uint32_t>(token_of_node_.size()));
      if (added) token_of_node_.push_back(-1);
      node = child->second;
    }
    if (token_of_node_[node] < 0) token_of_node_[node] = static_cast<int32_t>(i);
    for (int second = 0; second < 256; ++second) {
      if (content.size() == 1 || content[1] == static_cast<char>(second)) {
        pairs_.set(pair_of(content[0], static_cast<char>(second)));
      }
    }
  }
}

AddedTokenMatcher::Match AddedTokenMatcher::next(std::string_view text, size_t from) const {
  for (size_t begin = from; begin < text.size(); ++begin) {
    const char second = begin + 1 < text.size() ? text[begin + 1] : '\0';
    if (begin + 1 < text.size() && !pairs_.test(pair_of(text[begin], second))) continue;
    Match match{begin, begin, nullptr};
    uint32_t node = 0;
    for (size_t at = begin; at < text.size(); ++at) {
      const auto child = children_.find(edge(node, text[at]));
      if (child == children_.end()) break;
      node = child->second;
      if (token_of_node_[node] >= 0) {
        match.end = at + 1;
        match.token = &tokens_[static_cast<size_t>(token_of_node_[node])];
      }
    }
    if (match.token != nullptr) return match;
  }
  return {};
}

bool AddedTokenMatcher::settle(std::string_view text, size_t taken, Match& match) {
  if (match.token->single_word) {
    const bool word_before =
        match.begin > 0 && has_class(text, character_before(text, match.begin), kWord);
    if (word_before || (match.end < text.size() && has_class(text, match.end, kWord))) return false;
  }
  if (match.token->lstrip) {
    size_t begin = match.begin;
    while (begin > 0 && has_class(text, character_before(text, begin), kSpace)) {
      begin = character_before(text, begin);
    }
    match.begin = std::max(begin, taken);
  }
  if (match.token->rstrip) {
    while (match.end < text.size() && has_class(text, match.end, kSpace)) {
      match.end += character_at(text, match.end).size;
    }
  }
  return true;
}

}  // namespace rexbert::tokenizer
