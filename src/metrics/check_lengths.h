#pragma once

#include <cstddef>

namespace rexbert::metrics {

// Throws Error(kUsage) unless both lists have the same length, which is at least `least`.
void check_lengths(size_t truth, size_t predicted, size_t least);

}  // namespace rexbert::metrics
