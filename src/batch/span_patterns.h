#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rexbert/batch/spans.h"

namespace rexbert::batch {

// The quantity, size, model number or price that starts at text[begin], if one does. Looks at no
// more than kPatternBytes bytes from there.
inline constexpr size_t kPatternBytes = 48;
std::optional<Span> match_span(std::string_view text, size_t begin);

// The first span that starts in [begin, end) of `text`, where `begin` starts a word and `end` ends
// it. Spans start at a word's start, behind opening punctuation, or behind one of / , ( : ; | +.
std::optional<Span> next_span(std::string_view text, size_t begin, size_t end);

// Character classes. Bytes of UTF-8 letters count as letters; those of punctuation and symbols
// (U+0080-U+00BF, U+00D7, U+2000-U+2FFF) do not.
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

inline bool is_letter_at(std::string_view text, size_t at) {
  if (at >= text.size()) return false;
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
  // U+00D7 is C3 97; C2 and E2 lead only symbols and punctuation that matter here.
  if (byte == 0xC3) return at + 1 >= text.size() || text[at + 1] != '\x97';
  return byte != 0xC2 && byte != 0xE2;
}

// Letter or digit.
inline bool is_word_at(std::string_view text, size_t at) {
  return at < text.size() && (is_digit(text[at]) || is_letter_at(text, at));
}

}  // namespace rexbert::batch
