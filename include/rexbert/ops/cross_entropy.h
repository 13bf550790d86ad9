#pragma once

#include <torch/torch.h>

namespace rexbert::ops {

// sum_m ( logsumexp_v(logits[m, v]) - logits[m, target[m]] ),  logits = hidden weight^T + bias.
// hidden_MD [M, D], weight_VD [V, D], bias_V [V] of one floating type; targets_M [M] int32 in [0,
// V). Error(kUsage) otherwise. M = 0 gives 0. A scalar of that type, float32 for 16-bit types.
//
// The logits never exist as a whole: rows are taken in chunks, and where a gradient is wanted it is
// computed in the same pass, from exponentials that lie in place of the logits, and scaled in
// backward(), which may run once.
torch::Tensor linear_cross_entropy(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                                   const torch::Tensor& bias_V, const torch::Tensor& targets_M);

// The same losses token by token, without a gradient, and how many logits lie above the target's:
// the target is among the k likeliest tokens when above < k.
struct TokenScores {
  torch::Tensor loss_M;   // float32
  torch::Tensor above_M;  // int64
};
TokenScores score_tokens(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                         const torch::Tensor& bias_V, const torch::Tensor& targets_M);

}  // namespace rexbert::ops
