#pragma once

#include <string_view>

namespace rexbert {

// The project's semantic version; CMakeLists.txt reads it from here.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace rexbert
