#pragma once

#include <string>
#include <string_view>

namespace rexbert {

// Takes the first character off `text`, which is not empty; U+FFFD for one byte that begins no
// valid UTF-8.
char32_t take_character(std::string_view& text);

void append_character(char32_t character, std::string& out);

}  // namespace rexbert
