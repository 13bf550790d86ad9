#pragma once

#include <cstdint>
#include <memory>

#include "rexbert/batch/packed_batch.h"
#include "rexbert/nn/model.h"
#include "rexbert/plan/step_spec.h"

namespace rexbert::train {

// What a step is trained on: turns a micro-batch into a sum of losses and the number of terms in
// it. The trainer divides by the count of the whole global batch, so that neither accumulation nor
// the number of ranks changes the gradient.
class Objective {
 public:
  virtual ~Objective() = default;

  struct Loss {
    torch::Tensor sum;  // scalar with a gradient
    int64_t count = 0;
    // Of forward and backward pass, without anything computed twice (nn::training_flops); 0: not
    // known.
    double flops = 0;
  };
  // `batch` outlives the backward pass of what is returned.
  virtual Loss loss(batch::PackedBatch& batch, const plan::StepSpec& spec) = 0;
};

// Masked language modelling: cross-entropy at the masked tokens.
class MaskedLanguageModeling final : public Objective {
 public:
  // `seed` keys dropout.
  MaskedLanguageModeling(std::shared_ptr<nn::MaskedLanguageModel> model, uint64_t seed)
      : model_(std::move(model)), seed_(seed) {}

  Loss loss(batch::PackedBatch& batch, const plan::StepSpec& spec) override;

 private:
  std::shared_ptr<nn::MaskedLanguageModel> model_;
  uint64_t seed_;
};

}  // namespace rexbert::train
