#include "rexbert/infer/encoder_options.h"

#include <ATen/cpu/Utils.h>
#include <ATen/detail/CUDAHooksInterface.h>

namespace rexbert::infer {

nn::Precision best_precision(c10::Device device) {
  bool in_hardware = false;
  if (device.is_cuda()) {
    // The one question of LibTorch's about a GPU's generation that needs none of CUDA's headers.
    in_hardware = at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
  } else {
    const auto has = at::cpu::get_cpu_capabilities();
    for (const char* name : {"avx512_bf16", "amx_bf16", "bf16"}) {
      const auto found = has.find(name);
      in_hardware |= found != has.end() && found->second.isBool() && found->second.toBool();
    }
  }
  return in_hardware ? nn::Precision::kBf16 : nn::Precision::kF32;
}

}  // namespace rexbert::infer
