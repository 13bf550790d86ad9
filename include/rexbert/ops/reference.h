#pragma once

#include "rexbert/ops/ops.h"

// The contracts of ops.h in plain ATen: slow, differentiable by autograd, any device and floating
// type. The fast paths are tested against these.
namespace rexbert::ops::reference {

// x rotated by R of attention.h; x_TNH [T, N, H].
torch::Tensor rotate(const torch::Tensor& x_TNH, const RopeTable& rope,
                     const torch::Tensor& positions_T);
torch::Tensor attention(const torch::Tensor& qkv_T3NH, const RopeTable& rope,
                        const torch::Tensor& positions_T, const torch::Tensor& offsets_S1,
                        int64_t window);
torch::Tensor layer_norm(const torch::Tensor& x_TD, const torch::Tensor& weight_D, double eps);
torch::Tensor embedding_norm(const torch::Tensor& weight_VD, const torch::Tensor& norm_D,
                             const torch::Tensor& tokens_T, double eps);
torch::Tensor geglu(const torch::Tensor& x_T2I);
torch::Tensor dropout_add(const torch::Tensor& residual_TD, const torch::Tensor& x_TD,
                          const torch::Tensor& rows_T, const torch::Tensor& tokens_T, double p,
                          const DropoutKey& key);
torch::Tensor linear_cross_entropy(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                                   const torch::Tensor& bias_V, const torch::Tensor& targets_M);
TokenScores score_tokens(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                         const torch::Tensor& bias_V, const torch::Tensor& targets_M);
torch::Tensor stable_adamw_update(torch::Tensor& parameter, const torch::Tensor& gradient,
                                  torch::Tensor& exp_avg, torch::Tensor& exp_avg_sq,
                                  const StableAdamWStep& step);
torch::Tensor global_norm(const std::vector<torch::Tensor>& tensors);

}  // namespace rexbert::ops::reference
