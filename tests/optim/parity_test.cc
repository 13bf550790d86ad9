#include <gtest/gtest.h>

#include "nn/training_steps.h"

namespace rexbert::nn {
namespace {

const ParityCase& golden() {
  static const ParityCase parity =
      read_parity_case(REXBERT_SOURCE_DIR "/tests/golden/modernbert.safetensors");
  return parity;
}

double error_of(const ParityCase& parity) {
  MaskedLanguageModel model(parity.config());
  draw_weights(model, parity.shape.at("seed"));
  return step_loss_error(parity, model);
}

TEST(StableAdamWParity, TenStepsLoseAsTorchOptimiDoes) {
  EXPECT_LE(error_of(golden()), kStepLossTolerance);
}

TEST(StableAdamWParity, AWrongPeakOrDecayIsSeen) {
  for (const char* key : {"max_learning_rate", "weight_decay"}) {
    ParityCase wrong = golden();
    wrong.shape[key] = wrong.shape.at(key).get<double>() / 2;
    EXPECT_GT(error_of(wrong), 5 * kStepLossTolerance) << key;
  }
}

}  // namespace
}  // namespace rexbert::nn
