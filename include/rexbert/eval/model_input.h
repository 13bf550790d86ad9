#pragma once

#include <cstdint>

#include "rexbert/batch/packed_batch.h"
#include "rexbert/nn/model.h"

namespace rexbert::eval {

// A packed batch as tensors.
struct ModelInput {
  nn::EncoderInput encoder;
  torch::Tensor masked_M;
  torch::Tensor targets_M;
};

// The input in a device's memory; the same tensors where they lie there already. For a GPU they go
// through one pinned buffer in one copy, which is on its way when this returns: what the input
// views may change then.
ModelInput to_device(const ModelInput& input, c10::Device device);

// Tensors that view the batch's vectors, which must outlive them. Without dropout.
ModelInput view_batch(batch::PackedBatch& batch, const nn::RopeTheta& rope);

// With dropout drawn by (seed, step, layer, row - first_row, token in the row).
struct DropoutSource {
  uint64_t seed = 0;
  int64_t step = 0;
  int64_t first_row = 0;  // of the step
};
ModelInput view_training_batch(batch::PackedBatch& batch, const nn::RopeTheta& rope,
                               const DropoutSource& dropout);

}  // namespace rexbert::eval
