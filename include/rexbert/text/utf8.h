#pragma once

#include <string_view>

namespace rexbert::text {

// Whether the bytes are well-formed UTF-8.
bool is_utf8(std::string_view bytes);

}  // namespace rexbert::text
