#pragma once

#include <string_view>

namespace rexbert::ops {

// The instruction set that the CPU paths' loops run with, "avx2" or "generic": part of what bitwise
// reproduction depends on. It is the best that the processor has, or what the environment variable
// REXBERT_ISA names; Error(kUsage) when this build or processor does not have that one.
std::string_view instruction_set();

}  // namespace rexbert::ops
