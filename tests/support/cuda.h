#pragma once

#include <ATen/Context.h>
#include <torch/cuda.h>

#include <string>

namespace rexbert::test {

// Why tests on a GPU are skipped; empty where there is one.
inline std::string no_cuda_reason() {
  if (torch::cuda::is_available()) return "";
  return at::Context::hasCUDART() ? "torch::cuda::is_available() is false: no driver or no GPU"
                                  : "this build is without CUDA (cmake --preset cuda)";
}

}  // namespace rexbert::test
