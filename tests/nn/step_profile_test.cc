#include "rexbert/nn/step_profile.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include <chrono>

#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/nn/model.h"

namespace rexbert::nn {
namespace {

class StepProfileTest : public ::testing::Test {
 protected:
  StepProfileTest() : model_(config()) {
    at::set_num_threads(1);
    initialize(model_, 3);
  }

  static EncoderConfig config() {
    EncoderConfig config;
    config.vocabulary = 96;
    config.hidden = 32;
    config.intermediate = 48;
    config.layers = 4;
    config.heads = 2;
    config.local_window = 8;
    return config;
  }

  // The gradients of one forward and backward pass.
  std::vector<torch::Tensor> pass() {
    EncoderInput input;
    input.tokens_T = torch::arange(28, torch::kInt32);
    input.positions_T = torch::arange(28, torch::kInt32);
    input.offsets_S1 = torch::tensor({0, 28}, torch::kInt32);
    const auto masked = torch::tensor({3, 9}, torch::kInt32);
    const MlmLoss loss = model_.loss(input, masked, masked);
    loss.sum.backward();
    std::vector<torch::Tensor> gradients;
    for (torch::Tensor& parameter : model_.parameters()) {
      gradients.push_back(parameter.grad().clone());
      parameter.mutable_grad().zero_();
    }
    return gradients;
  }

  MaskedLanguageModel model_;
};

TEST_F(StepProfileTest, TimesEveryPartInBothDirections) {
  pass();
  StepProfile profile;
  const auto start = std::chrono::steady_clock::now();
  pass();
  pass();
  const double elapsed = seconds_since(start);
  double sum = 0;
  for (int i = 0; i < kStepParts; ++i) {
    const auto part = static_cast<StepPart>(i);
    const StepProfile::Times times = profile.times(part);
    if (part == StepPart::kOptimizer) {
      EXPECT_EQ(times.seconds(), 0);
      continue;
    }
    EXPECT_GT(times.forward_seconds, 0) << name_of(part);
    EXPECT_GT(times.backward_seconds, 0) << name_of(part);
    sum += times.seconds();
  }
  EXPECT_LT(sum, elapsed) << "nothing is counted twice";
  // Two passes of four layers, two of them global (0 and 3): an op of ours is a node, a reshape
  // another, and every layer but the first has two norms, the first one, and there is a final one.
  const auto nodes = [&](StepPart part) { return profile.times(part).backward_nodes; };
  EXPECT_EQ(nodes(StepPart::kNorms), 2 * 8);
  EXPECT_EQ(nodes(StepPart::kGeglu), 2 * 4);
  EXPECT_EQ(nodes(StepPart::kEmbedding), 2 * 1);
  EXPECT_EQ(nodes(StepPart::kDecoder), 2 * 1);
  EXPECT_EQ(nodes(StepPart::kLocalAttention), 2 * 2 * 2);
  EXPECT_EQ(nodes(StepPart::kGlobalAttention), 2 * 2 * 2);
  profile.clear();
  EXPECT_EQ(profile.times(StepPart::kQkv).seconds(), 0);
}

TEST_F(StepProfileTest, ChangesNoBit) {
  const auto expected = pass();
  const StepProfile profile;
  const auto got = pass();
  for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(got[i].equal(expected[i])) << i;
}

TEST_F(StepProfileTest, IsAloneInItsProcess) {
  const StepProfile profile;
  EXPECT_THROW(StepProfile(), Error);
}

}  // namespace
}  // namespace rexbert::nn
