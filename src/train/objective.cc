#include "rexbert/train/objective.h"

#include "rexbert/eval/model_input.h"
#include "rexbert/nn/costs.h"

namespace rexbert::train {

Objective::Loss MaskedLanguageModeling::loss(batch::PackedBatch& batch,
                                             const plan::StepSpec& spec) {
  const eval::ModelInput input = eval::to_device(
      eval::view_training_batch(batch, {spec.rope.global, spec.rope.local},
                                {.seed = seed_, .step = spec.step, .first_row = spec.first_row}),
      model_->device());
  const nn::MlmLoss loss = model_->loss(input.encoder, input.masked_M, input.targets_M);
  const nn::BatchShape shape = nn::shape_of(model_->config(), batch.offsets_S1, loss.count);
  return {loss.sum, loss.count, nn::training_flops(model_->config(), shape)};
}

}  // namespace rexbert::train
