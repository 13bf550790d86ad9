#include "rexbert/nn/device.h"

#include <ATen/Context.h>
#include <torch/cuda.h>

#include <cstdlib>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::nn {
namespace {

void require_cuda(int index) {
  const auto fail = [](const std::string& what) {
    throw Error(ErrorCode::kUsage, str_cat("device cuda: ", what));
  };
  if (!at::Context::hasCUDART()) {
    fail("this build is without CUDA; configure it with -DREXBERT_CUDA=ON (cmake --preset cuda)");
  }
  const int count = torch::cuda::device_count();
  if (count == 0) {
    fail("there is no GPU here that CUDA can use; is the NVIDIA driver installed (nvidia-smi)?");
  }
  if (index >= count) {
    fail(str_cat("expected a GPU number below ", count, ", got ", index));
  }
}

void set_deterministic(bool deterministic) {
  // cuBLAS reads it when it starts: fixed workspaces, so that streams cannot change its choices.
  if (deterministic) setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::globalContext().setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
  // Else every new tensor would be filled.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
}

}  // namespace

c10::Device use_device(const std::string& name, bool deterministic, int index) {
  if (name == "cpu") return c10::kCPU;
  if (name != "cuda") {
    throw Error(ErrorCode::kUsage, str_cat("device: expected cpu or cuda, got ", name));
  }
  require_cuda(index);
  set_deterministic(deterministic);
  return {c10::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

}  // namespace rexbert::nn
