#include "rexbert/curate/words.h"

#include <array>
#include <limits>

#include "curate/characters.h"
#include "rexbert/core/error.h"
#include "rexbert/core/utf8.h"

namespace rexbert::curate {
namespace {

// Lower case of the ASCII characters that make words; 0 for separators.
constexpr std::array<char, 128> kAscii = [] {
  std::array<char, 128> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) {
    table[static_cast<size_t>(c)] = c;
    table[static_cast<size_t>(c - 'a' + 'A')] = c;
  }
  return table;
}();

}  // namespace

void Words::begin_word() {
  if (!text_.empty()) text_ += ' ';
  begins_.push_back(static_cast<uint32_t>(text_.size()));
}

void Words::append(std::string_view text) {
  // Neither lower case nor the blanks between characters that stand alone take more than this.
  if (text.size() > (std::numeric_limits<uint32_t>::max() - text_.size()) / 2) {
    throw Error(ErrorCode::kUsage, "expected texts of at most 2 GiB to take words of, got more");
  }
  bool in_word = false;
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) {
      const char lower = kAscii[lead];
      text.remove_prefix(1);
      if (lower != 0) {
        if (!in_word) begin_word();
        text_ += lower;
      }
      in_word = lower != 0;
      continue;
    }
    const char32_t character = take_character(text);
    const CharacterKind kind = character_kind(character);
    if (kind == CharacterKind::kIgnored) continue;
    if (kind != CharacterKind::kSeparator) {
      if (!in_word || kind == CharacterKind::kAlone) begin_word();
      append_character(lower_case(character), text_);
    }
    in_word = kind == CharacterKind::kWord;
  }
}

void Words::clear() {
  text_.clear();
  begins_.clear();
}

std::string_view Words::span(size_t first, size_t count) const {
  if (count == 0) return {};
  const size_t next = first + count;
  const size_t end = next == begins_.size() ? text_.size() : begins_[next] - 1;
  return std::string_view(text_).substr(begins_[first], end - begins_[first]);
}

}  // namespace rexbert::curate
