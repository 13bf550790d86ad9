#pragma once

#include <cstdint>
#include <vector>

namespace rexbert::plan {

enum class MaskingPolicy { kUniform, kWholeWord, kGuided };

// How the tokens of a row are masked (recipe page, "Guided MLM", and BERT's 80/10/10).
struct MaskingSpec {
  MaskingPolicy policy = MaskingPolicy::kUniform;
  double probability = 0.3;   // mean share of maskable tokens that are predicted
  double strength = 0.5;      // kGuided: 0 is uniform masking bit for bit, 1 follows salience fully
  double mask_share = 0.8;    // of the predicted tokens: replaced by [MASK]
  double random_share = 0.1;  // of the predicted tokens: replaced by a random token; the rest stays
};

// RoPE base of the global and of the local attention layers.
struct RopeTheta {
  double global = 10'000;
  double local = 10'000;
};

// All that varies over a run, for one step.
struct StepSpec {
  int64_t step = 0;           // from 0, over the whole run
  int phase = 0;              // index of the phase
  int64_t first_row = 0;      // rows of the run before this step
  int64_t rows = 0;           // rows of the global batch, a multiple of the lanes
  int64_t tokens_before = 0;  // nominal tokens of the run before this step
  int64_t phase_tokens_before = 0;
  double learning_rate = 0;
  double weight_decay = 0;
  int32_t context_length = 0;  // tokens a row
  RopeTheta rope;
  MaskingSpec masking;
  std::vector<double>
      mixture;  // share of rows for each stream, in the run's stream order; sums to 1

  int64_t tokens() const { return rows * context_length; }
};

}  // namespace rexbert::plan
