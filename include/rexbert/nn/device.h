#pragma once

#include <c10/core/Device.h>

#include <string>

namespace rexbert::nn {

// The device that `name` means: "cpu", or "cuda" for this process's GPU number `index`. Error
// (kUsage) naming what is missing: a build with CUDA, a driver, a GPU of that number. For a GPU,
// before its first use, also has LibTorch take algorithms whose bits do not change from run to run
// where `deterministic`; its error then names an operation that has none.
c10::Device use_device(const std::string& name, bool deterministic = true, int index = 0);

}  // namespace rexbert::nn
