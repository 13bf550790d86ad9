#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "rexbert/infer/span_head.h"

namespace rexbert::tasks {

struct SpanHeadFitOptions {
  // Passes over the vectors, each in another order. Default 4.
  int epochs = 4;
  // Vectors in an update. Default 256.
  int64_t batch = 256;
  // Falls linearly to 0. Default 1e-3.
  double learning_rate = 1e-3;
  // Of matrices. Default 0.01.
  double weight_decay = 0.01;
  uint64_t seed = 17;
};

// Trains a head with StableAdamW on the mean cross-entropy of vectors that stay as they are.
//   states_ND   float32 or float16, on the CPU
//   classes_N   int64
// Returns the mean loss of the last pass, in nats. The same arguments give the same weights on the
// same machine.
double fit_span_head(infer::SpanHead& head, const torch::Tensor& states_ND,
                     const torch::Tensor& classes_N, const SpanHeadFitOptions& options);

}  // namespace rexbert::tasks
