#pragma once

#include <cstdint>

#include "rexbert/nn/config.h"

namespace rexbert::nn {

// Where the bytes of a training step are at its peak, which is about when the loss is known and the
// backward pass begins. On a CPU, of a program that has called ops::keep_freed_memory(): others
// take up to a third more for activations.
struct MemoryEstimate {
  double weights = 0;      // float32
  double gradients = 0;    // float32
  double moments = 0;      // the optimizer's two, float32
  double activations = 0;  // what the backward pass needs of the layers
  double loss = 0;         // the head's activations, the decoder's gradient
  double workspace = 0;    // a chunk's logits, or the widest op afterwards
  double process = 0;      // the program, LibTorch and its libraries

  double total() const;
};

struct MemoryQuery {
  Precision precision = Precision::kF32;
  bool on_gpu = false;
  int64_t tokens = 0;  // of a micro-batch
  double masked_share = 0.3;
};

// The peak of one process that trains. Of a micro-batch's lengths only the sum matters: attention
// keeps nothing that grows with their squares. Data ahead of the step is not counted (DataOptions).
//
// The inventory of what is kept is in docs/performance.md. tests/train/memory_test.cc compares it
// with what processes take in float32 on the CPU; in bfloat16 and on a GPU it is compared with
// nothing.
MemoryEstimate predict_memory(const EncoderConfig& config, const MemoryQuery& query);

// The largest micro-batch, in tokens, whose prediction is at most `bytes`; 0 where even one token's
// is not. `query.tokens` is not read.
int64_t largest_micro_batch(const EncoderConfig& config, MemoryQuery query, double bytes);

}  // namespace rexbert::nn
