#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace rexbert::ops {

// y[r] = (x[r] - mean(x[r])) / sqrt(var(x[r]) + eps) * weight, var biased (Ba et al. 2016; no
// bias). x_TD [T, D], weight_D [D], one floating type. Error(kUsage) for other shapes.
torch::Tensor layer_norm(const torch::Tensor& x_TD, const torch::Tensor& weight_D, double eps);

// layer_norm(weight_VD[tokens_T], norm_D). tokens_T [T] int32, each in [0, V), else Error(kUsage)
// naming the first that is not. The gradient of weight_VD is dense.
torch::Tensor embedding_norm(const torch::Tensor& weight_VD, const torch::Tensor& norm_D,
                             const torch::Tensor& tokens_T, double eps);

// y[t, i] = gelu(x[t, i]) * x[t, I + i] with gelu(a) = a * Phi(a), the exact (erf) form. x [T, 2 I]
// to [T, I]. Shazeer 2020, "GLU variants improve Transformer"; transformers' ModernBertMLP: the
// first half is the one activated.
torch::Tensor geglu(const torch::Tensor& x_T2I);

// A value that is quickly computed again from tensors that the graph keeps anyway.
struct Recomputable {
  torch::Tensor value;
  std::vector<torch::Tensor> from;
  // compute(from) is value, bit for bit; captures no tensor.
  std::function<torch::Tensor(const std::vector<torch::Tensor>& from)> compute;
};

// residual + x w^T, or x w^T where the residual is undefined: torch::linear and torch::addmm,
// values and gradients. x.value [T, D], w_OD [O, D], residual_TO [T, O], one type. In float32 on
// the CPU x.value is not kept for the backward pass, which computes it again (Chen et al. 2016,
// "Training deep nets with sublinear memory cost").
torch::Tensor linear(const Recomputable& x, const torch::Tensor& w_OD,
                     const torch::Tensor& residual_TO = {});

// What a draw of dropout is named by; beside it the row of the global batch and the token in it.
struct DropoutKey {
  uint64_t seed = 0;
  int64_t step = 0;
  int64_t layer = 0;
};

// y = residual + keep * x / (1 - p), where keep[t, c] is 0 with probability p (rounded to a
// multiple of 2^-32): with quarter = ceil(D / 4), it is 0 where word c / quarter of
// Philox4x32-10(counter = {c mod quarter, token[t], row[t], layer}, key) is below p * 2^32; the key
// is that of KeyedRng(seed, Purpose::kDropout, step). A draw thus depends on no generator, rank or
// micro-batch. residual_TD and x_TD [T, D]; rows_T and tokens_T [T] int32, the row in the global
// batch and the token in the row. p in [0, 1), else Error(kUsage); p = 0 is residual + x.
torch::Tensor dropout_add(const torch::Tensor& residual_TD, const torch::Tensor& x_TD,
                          const torch::Tensor& rows_T, const torch::Tensor& tokens_T, double p,
                          const DropoutKey& key);

}  // namespace rexbert::ops
