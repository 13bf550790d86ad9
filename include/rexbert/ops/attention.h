#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace rexbert::ops {

// cos[p, i] and sin[p, i] of p * theta^(-2 i / H), computed in float32 as transformers'
// ModernBertRotaryEmbedding does.
struct RopeTable {
  torch::Tensor cos_PH;  // [P, H / 2], float32
  torch::Tensor sin_PH;
};

// Positions 0 to positions - 1. head_dim even and theta > 0, else Error(kUsage).
RopeTable rope_table(int64_t positions, int64_t head_dim, double theta);

inline constexpr int64_t kGlobalAttention = -1;

// Multi-head self-attention with rotary position embedding over packed sequences.
//
//   out[t, n] = sum_u softmax_u( R(q[t, n]) . R(k[u, n]) / sqrt(H) ) v[u, n]
//
// over the u of t's own sequence with |t - u| <= window (all of them when window is
// kGlobalAttention). q, k, v = qkv[:, 0], qkv[:, 1], qkv[:, 2]. R rotates by the position's row of
// the table, not interleaved (Su et al. 2021, "RoFormer", in the half-rotation form):
//   R(x)[i]       = x[i] cos[i] - x[i + H/2] sin[i]
//   R(x)[i + H/2] = x[i + H/2] cos[i] + x[i] sin[i],  i < H/2.
//
// qkv_T3NH [T, 3, N, H] floating; positions_T [T] and offsets_S1 [S + 1] int32 on the CPU or the
// tensor's device, offsets from 0 to T and not decreasing; no sequence is longer than `longest`,
// which 0 has read from the offsets. Returns [T, N, H]. Error(kUsage) for other shapes, types,
// offsets, or a position outside the table. Follows eager_attention_forward of transformers'
// ModernBert; the blocked passes follow FlashAttention-2 (Dao 2023), sections 3.1 and 3.2. The CPU
// path gives the same bits on any number of threads.
//
// Memory beyond the result is linear in T on the CPU, and on a GPU in 16 bits with H a multiple of
// 8 up to 256; elsewhere quadratic in the longest sequence.
torch::Tensor attention(const torch::Tensor& qkv_T3NH, const RopeTable& rope,
                        const torch::Tensor& positions_T, const torch::Tensor& offsets_S1,
                        int64_t window, int64_t longest = 0);

}  // namespace rexbert::ops
