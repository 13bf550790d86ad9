#pragma once

#include <cstdint>

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

}  // namespace rexbert::curate
