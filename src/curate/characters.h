#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rexbert::curate {

// What a character does to words.
enum class CharacterKind : uint8_t {
  kWord,       // part of a word
  kAlone,      // a word by itself: scripts that put no blanks between words
  kSeparator,  // ends a word
  kIgnored,    // as if it were not there: soft hyphens, joiners, marks of direction
};

CharacterKind character_kind(char32_t character);

// The lower-case form, a single character; others unchanged. Full-width forms become ASCII, the
// final sigma becomes the usual one.
char32_t lower_case(char32_t character);

// Takes the first character off `text`, which is not empty; U+FFFD for one byte that begins no
// valid UTF-8.
char32_t take_character(std::string_view& text);

void append_character(char32_t character, std::string& out);

}  // namespace rexbert::curate
