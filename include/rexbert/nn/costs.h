#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rexbert/nn/config.h"

namespace rexbert::nn {

// What a batch's cost depends on besides the model.
struct BatchShape {
  int64_t tokens = 0;
  int64_t masked = 0;
  // Pairs of a query and a key that attention looks at, of one layer and head.
  int64_t global_pairs = 0;  // sum of n^2 over the sequences' lengths n
  int64_t local_pairs = 0;   // those at most local_window / 2 apart

  BatchShape& operator+=(const BatchShape& other);
};

// offsets_S1: where each sequence begins, and the number of tokens, as in PackedBatch.
BatchShape shape_of(const EncoderConfig& config, const std::vector<int32_t>& offsets_S1,
                    int64_t masked);

// The parts of a training step, each forward and backward.
enum class StepPart {
  kEmbedding,       // look up and norm
  kNorms,           // of the layers, and the final one
  kQkv,             // linear, D to 3 D
  kLocalAttention,  // rotary embedding included
  kGlobalAttention,
  kAttentionOut,  // linear, D to D, added to the residual stream; dropout
  kMlpIn,         // linear, D to 2 I
  kGeglu,
  kMlpOut,     // linear, I to D, added to the residual stream
  kHead,       // masked tokens picked; linear, D to D; gelu; norm
  kDecoder,    // linear, D to V, and cross-entropy
  kOptimizer,  // gradients zeroed and their norm taken; StableAdamW
};
inline constexpr int kStepParts = 12;

// "qkv", "local attention", ...
std::string_view name_of(StepPart part);

struct Cost {
  double flops = 0;  // of matrix products and attention; a multiply and an add are two
  double bytes = 0;  // what cannot be avoided: each input read and each output written once
};

// What one training step, forward, backward and update, of a batch of this shape costs in float32.
// The formulas are in docs/performance.md: nothing is counted for padding, which there is none of,
// nor for anything computed twice; local layers count their window and the head its masked rows.
Cost cost_of(StepPart part, const EncoderConfig& config, const BatchShape& shape);

// The sum of all parts' FLOPs: what model FLOPs utilization is measured by.
double training_flops(const EncoderConfig& config, const BatchShape& shape);

}  // namespace rexbert::nn
