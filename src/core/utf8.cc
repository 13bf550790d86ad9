#include "rexbert/core/utf8.h"

#include <array>

namespace rexbert {

char32_t take_character(std::string_view& text) {
  constexpr char32_t kReplacement = 0xFFFD;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80             ? 1
                        : (lead & 0xE0) == 0xC0 ? 2
                        : (lead & 0xF0) == 0xE0 ? 3
                        : (lead & 0xF8) == 0xF0 ? 4
                                                : 0;
  constexpr std::array<char32_t, 5> kLowest = {0, 0, 0x80, 0x800, 0x10000};
  char32_t character = length <= 1 ? lead : lead & (0x7Fu >> length);
  bool valid = length > 0 && length <= text.size();
  for (size_t i = 1; valid && i < length; ++i) {
    valid = (byte(i) & 0xC0) == 0x80;
    character = character << 6 | (byte(i) & 0x3F);
  }
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  valid = valid && character >= kLowest[length] && character <= 0x10FFFF && !surrogate;
  text.remove_prefix(valid ? length : 1);
  return valid ? character : kReplacement;
}

void append_character(char32_t character, std::string& out) {
  const auto tail = [character](int shift) {
    return static_cast<char>(0x80 | (character >> shift & 0x3F));
  };
  if (character < 0x80) {
    out += static_cast<char>(character);
  } else if (character < 0x800) {
    out += {static_cast<char>(0xC0 | character >> 6), tail(0)};
  } else if (character < 0x10000) {
    out += {static_cast<char>(0xE0 | character >> 12), tail(6), tail(0)};
  } else {
    out += {static_cast<char>(0xF0 | character >> 18), tail(12), tail(6), tail(0)};
  }
}

}  // namespace rexbert
