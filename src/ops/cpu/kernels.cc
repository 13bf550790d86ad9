#include "ops/cpu/kernels.h"

#include <cstdlib>
#include <string>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/ops/instruction_set.h"

namespace rexbert::ops {
namespace cpu {
namespace {

const Kernels& choose() {
  const char* wanted = std::getenv("REXBERT_ISA");
  const std::string name = wanted == nullptr ? "" : wanted;
#ifdef REXBERT_HAVE_AVX2
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has_avx2 && (name.empty() || name == "avx2")) return avx2::kKernels;
#endif
  if (name.empty() || name == "generic") return generic::kKernels;
  throw Error(ErrorCode::kUsage,
              str_cat("REXBERT_ISA: expected an instruction set of this build and processor, "
                      "generic or avx2, got ",
                      str_quote(name)));
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

}  // namespace cpu

std::string_view instruction_set() { return cpu::kernels().name; }

}  // namespace rexbert::ops
