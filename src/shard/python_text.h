#pragma once

#include <string>
#include <string_view>

namespace rexbert::shard {

// A float as Python's repr() writes it: the shortest text that reads back, an exponent below 1e-4
// and from 1e16 on.
std::string python_float(double value);

// Strict UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace rexbert::shard
