#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rexbert/batch/spans.h"

namespace rexbert::batch {

// The quantity, size, model number or price that starts at text[begin], if one does. Looks at no
// more than kPatternBytes bytes from there.
inline constexpr size_t kPatternBytes = 64;
std::optional<Span> match_span(std::string_view text, size_t begin);

// The first span that starts in [begin, end) of `text`, where `begin` starts a word and `end` ends
// it. Spans start at a word's start, behind opening punctuation, or behind one of / , ( : ; | +.
std::optional<Span> next_span(std::string_view text, size_t begin, size_t end);

// Character classes. Bytes of UTF-8 letters count as letters; those of punctuation and symbols
// (U+0080-U+00BF, U+00D7, U+2000-U+2FFF) do not.
bool is_digit(char c);
bool is_letter_at(std::string_view text, size_t at);
bool is_word_at(std::string_view text, size_t at);  // letter or digit

}  // namespace rexbert::batch
