#pragma once

#include <cstdint>

#include "rexbert/nn/config.h"

namespace rexbert::nn {

// Where the bytes of a training step are at its peak, which is when the loss has been computed and
// nothing of the backward pass is done.
struct MemoryEstimate {
  double weights = 0;      // float32
  double gradients = 0;    // float32
  double moments = 0;      // the optimizer's two, float32
  double activations = 0;  // what the backward pass needs of the layers
  double loss = 0;         // the head's activations, a chunk's logits, the decoder's gradient
  double workspace = 0;    // of the widest op
  double process = 0;      // the program, LibTorch and its libraries

  double total() const;
};

// The peak of one process that trains on micro-batches of `tokens` tokens, `masked_share` of them
// masked, on the CPU. Of a micro-batch's lengths only the sum matters: attention keeps nothing that
// grows with their squares. Data ahead of the step is not counted (DataOptions).
//
// The inventory of what the layers keep is in docs/performance.md; tests/nn/memory_test.cc compares
// it with what processes take.
MemoryEstimate predict_memory(const EncoderConfig& config, Precision precision, int64_t tokens,
                              double masked_share);

// The largest micro-batch, in tokens, whose prediction is at most `bytes`; 0 where even one token's
// is not.
int64_t largest_micro_batch(const EncoderConfig& config, Precision precision, double masked_share,
                            double bytes);

}  // namespace rexbert::nn
