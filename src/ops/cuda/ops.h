#pragma once

#include "rexbert/ops/ops.h"

// The contracts of ops.h for CUDA devices, where ops::reference would wait for the device, keep
// more memory or be too slow. They are ATen calls and need no CUDA header: one object file serves
// builds with and without CUDA, and the CPU can run all of it but FlashAttention itself, which is
// how tests/ops holds it to the reference without a GPU. Kernels of our own belong into this
// folder.
namespace rexbert::ops::cuda {

// Whether LibTorch's FlashAttention computes in this type and head dimension.
bool has_flash_attention(const torch::Tensor& qkv_T3NH);
// The same with rotated queries and keys rounded once to qkv's type. FlashAttention-2 by Dao 2023,
// in its variable-length form: nothing is padded.
torch::Tensor attention(const torch::Tensor& qkv_T3NH, const RopeTable& rope,
                        const torch::Tensor& positions_T, const torch::Tensor& offsets_S1,
                        int64_t window, int64_t longest);
// LibTorch's own kernel, which sums in float32 and keeps no copy of x in it.
torch::Tensor layer_norm(const torch::Tensor& x_TD, const torch::Tensor& weight_D, double eps);
torch::Tensor embedding_norm(const torch::Tensor& weight_VD, const torch::Tensor& norm_D,
                             const torch::Tensor& tokens_T, double eps);
torch::Tensor geglu(const torch::Tensor& x_T2I);
// Where dropout_add drops, [T, columns] boolean: the same draws as on the CPU, bit for bit.
torch::Tensor dropped(const torch::Tensor& rows_T, const torch::Tensor& tokens_T, int64_t columns,
                      double p, const DropoutKey& key);
torch::Tensor dropout_add(const torch::Tensor& residual_TD, const torch::Tensor& x_TD,
                          const torch::Tensor& rows_T, const torch::Tensor& tokens_T, double p,
                          const DropoutKey& key);
torch::Tensor linear_cross_entropy(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                                   const torch::Tensor& bias_V, const torch::Tensor& targets_M);
TokenScores score_tokens(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                         const torch::Tensor& bias_V, const torch::Tensor& targets_M);

}  // namespace rexbert::ops::cuda
