#pragma once

#include <cstdint>

// The CPU paths' inner loops: plain pointers, no torch, no allocation, no threads. The same source
// is compiled once for each instruction set (kernels_*.cc) and chosen at run time by kernels().
// Rows are contiguous unless a stride is named; strides and sizes are counts of floats.
namespace rexbert::ops::cpu {

// One head of one sequence, as packed in qkv_T3NH.
struct AttentionHead {
  const float* qkv;          // the query of the sequence's first token
  int64_t token_stride;      // from a token to the next: 3 * N * H
  int64_t part_stride;       // from query to key to value: N * H
  const int32_t* positions;  // of the sequence's tokens
  const float* cos;          // [positions, H / 2]
  const float* sin;
  int64_t length;    // tokens of the sequence
  int64_t head_dim;  // H
  int64_t window;    // keys within this distance take part; negative: all
  float scale;       // H^-0.5
};

struct DropoutKey {
  uint32_t key[2];
  uint32_t layer;
  uint32_t threshold;  // a 32-bit word below it drops the element
  float scale;         // 1 / (1 - p)
};

struct AdamScalars {
  float beta1_complement;
  float beta2;
  float beta2_complement;
  float epsilon;
};

// Queries a work unit of the forward pass takes, and floats of scratch the passes need.
constexpr int64_t kGlobalQueryBlock = 96;
constexpr int64_t kLocalQueryBlock = 48;
constexpr int64_t kKeyBlock = 192;

constexpr int64_t round_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Floats of a packed head: keys (or values, transposed or not), padded to whole vectors.
constexpr int64_t packed_size(int64_t length, int64_t head_dim) {
  return round_up(length, 16) * round_up(head_dim, 16);
}

constexpr int64_t attention_forward_scratch(int64_t head_dim) {
  return kGlobalQueryBlock * (2 * round_up(head_dim, 16) + kKeyBlock + 2);
}

constexpr int64_t attention_backward_scratch(int64_t length, int64_t head_dim) {
  return 6 * packed_size(length, head_dim) + round_up(length, 16) +
         kGlobalQueryBlock * (2 * round_up(head_dim, 16) + 2 * kGlobalQueryBlock);
}

struct Kernels {
  const char* name;

  // keys_t: rotated keys in panels of a vector pair, [panels][H padded][panel]; values: [length][H
  // padded].
  void (*attention_pack)(const AttentionHead& head, float* keys_t, float* values);
  // Queries [begin, end) of one head; out and lse point at the sequence's first token.
  void (*attention_forward)(const AttentionHead& head, const float* keys_t, const float* values,
                            int64_t begin, int64_t end, float* out, int64_t out_stride, float* lse,
                            int64_t lse_stride, float* scratch);
  // All of one head: writes its part of grad_qkv (strides as qkv).
  void (*attention_backward)(const AttentionHead& head, const float* out, const float* grad_out,
                             int64_t out_stride, const float* lse, int64_t lse_stride,
                             float* grad_qkv, float* scratch);

  void (*layer_norm)(const float* x, const float* weight, int64_t rows, int64_t columns, float eps,
                     float* y, float* mean, float* rstd);
  // Adds this range's share to grad_weight, which has `columns` floats.
  void (*layer_norm_backward)(const float* grad_y, const float* x, const float* weight,
                              const float* mean, const float* rstd, int64_t rows, int64_t columns,
                              float* grad_x, float* grad_weight);
  void (*geglu)(const float* x, int64_t rows, int64_t columns, float* y);
  void (*geglu_backward)(const float* grad_y, const float* x, int64_t rows, int64_t columns,
                         float* grad_x);
  // y = residual + dropout(x); a null residual is zero. token and row name the row of x.
  void (*dropout_add)(const float* residual, const float* x, const DropoutKey& key, uint32_t token,
                      uint32_t row, int64_t columns, float* y);
  void (*add)(float* sum, const float* term, int64_t count);
  void (*scale)(float* values, float factor, int64_t count);

  // One row of a vocabulary block: logits + bias become exp(logits + bias - *maximum), where
  // *maximum is first raised to the row's; *sum is rescaled and increased. Returns exp(old - new).
  float (*softmax_block)(float* logits, const float* bias, int64_t columns, float* maximum,
                         float* sum);
  // log(sum(exp(x + bias))) and the number of columns above x[target] + bias[target].
  void (*score_row)(const float* logits, const float* bias, int64_t columns, int64_t target,
                    float* log_sum_exp, float* target_logit, int64_t* above);
  // sums[c] += sum over rows of weights[r] * values[r * stride + c], rows in order.
  void (*weighted_column_sum)(const float* values, int64_t stride, const float* weights,
                              int64_t rows, int64_t columns, float* sums);

  // First pass over a chunk: moments; returns sum(g^2 / max(v, eps^2)).
  double (*adam_moments)(const float* grad, float* exp_avg, float* exp_avg_sq, int64_t count,
                         const AdamScalars& scalars);
  // Second pass: param = param * decay - rate * m / (sqrt(v) + eps).
  void (*adam_update)(float* param, const float* exp_avg, const float* exp_avg_sq, int64_t count,
                      float decay, float rate, float epsilon);
  double (*sum_of_squares)(const float* values, int64_t count);
};

// The kernels of the best instruction set this processor has.
const Kernels& kernels();

namespace generic {
extern const Kernels kKernels;
}
#ifdef REXBERT_HAVE_AVX2
namespace avx2 {
extern const Kernels kKernels;
}
#endif

}  // namespace rexbert::ops::cpu
