#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rexbert::tokenizer {

// Classes of code points as the `tokenizers` library has them (Unicode 16). They are a table of
// ours, not the system's: ids must not depend on a machine's version of Unicode.
enum CharacterClass : uint8_t {
  kLetter = 1,  // \p{L}
  kNumber = 2,  // \p{N}
  kSpace = 4,   // \s
  kWord = 8,    // \w
};

uint8_t classes_of(uint32_t point);

struct Character {
  uint32_t point = 0;
  uint32_t size = 0;  // in bytes
};

// The character of `text`, valid UTF-8, that begins at `at` < text.size().
inline Character character_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[i])); };
  const uint32_t lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xE0) return {(lead & 0x1F) << 6 | (byte(at + 1) & 0x3F), 2};
  if (lead < 0xF0) {
    return {(lead & 0x0F) << 12 | (byte(at + 1) & 0x3F) << 6 | (byte(at + 2) & 0x3F), 3};
  }
  return {(lead & 0x07) << 18 | (byte(at + 1) & 0x3F) << 12 | (byte(at + 2) & 0x3F) << 6 |
              (byte(at + 3) & 0x3F),
          4};
}

// Where the character that ends at `end` > 0 begins.
inline size_t character_before(std::string_view text, size_t end) {
  do {
    --end;
  } while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80);
  return end;
}

}  // namespace rexbert::tokenizer
