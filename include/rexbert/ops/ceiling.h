#pragma once

#include <torch/torch.h>

namespace rexbert::ops {

// What a device does at most, measured on it: the best of `repeats` products of square matrices of
// this type, which are large enough to be near the limit, in FLOP/s (a multiply and an add are
// two). A few tenths of a second on a CPU.
double measure_product_ceiling(c10::Device device, torch::ScalarType type, int repeats = 5);

// The best of `repeats` copies of a tensor far larger than any cache, in bytes/s, reading and
// writing both counted.
double measure_copy_ceiling(c10::Device device, int repeats = 5);

}  // namespace rexbert::ops
