#pragma once

#include <torch/torch.h>

#include <sstream>
#include <string>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::ops {

inline std::string describe(const torch::Tensor& tensor) {
  if (!tensor.defined()) return "an undefined tensor";
  std::ostringstream out;
  out << c10::toString(tensor.scalar_type()) << ' ' << tensor.sizes();
  return out.str();
}

// Throws Error(kUsage) "op: name: expected ..., got ...".
inline void require(bool holds, const char* op, const char* name, const char* expected,
                    const torch::Tensor& got) {
  if (holds) return;
  throw Error(ErrorCode::kUsage,
              str_cat(op, ": ", name, ": expected ", expected, ", got ", describe(got)));
}

inline bool is_matrix(const torch::Tensor& tensor) {
  return tensor.defined() && tensor.dim() == 2 && tensor.is_floating_point();
}

inline bool is_vector(const torch::Tensor& tensor, int64_t size, c10::ScalarType type) {
  return tensor.defined() && tensor.dim() == 1 && tensor.size(0) == size &&
         tensor.scalar_type() == type;
}

// The CPU kernels are float32.
inline bool on_cpu_path(const torch::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == torch::kFloat32;
}

}  // namespace rexbert::ops
