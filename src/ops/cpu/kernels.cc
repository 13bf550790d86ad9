#include "ops/cpu/kernels.h"

namespace rexbert::ops::cpu {

const Kernels& kernels() {
#ifdef REXBERT_HAVE_AVX2
  static const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has_avx2) return avx2::kKernels;
#endif
  return generic::kKernels;
}

}  // namespace rexbert::ops::cpu
