#include "rexbert/train/micro_batch.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "rexbert/nn/memory.h"

namespace rexbert::train {
namespace {

constexpr double kMiB = 1 << 20;

class MicroBatch : public ::testing::Test {
 protected:
  MicroBatch() : model_(nn::preset("micro")) {
    at::set_num_threads(2);
    nn::initialize(model_, 1);
  }

  double predicted(int64_t tokens) {
    return nn::predict_memory(model_.config(), {.tokens = tokens}).total();
  }
  int64_t choose(double budget) {
    return choose_micro_tokens(model_, nn::Precision::kF32, limits_, budget);
  }

  nn::MaskedLanguageModel model_;
  MicroBatchLimits limits_{.longest_row = 256, .most = 2048, .masked_share = 0.3};
};

TEST_F(MicroBatch, TakesWholeStepsWhereTheyFit) {
  EXPECT_EQ(choose(1e12), 2048);
  for (const torch::Tensor& parameter : model_.parameters()) {
    EXPECT_FALSE(parameter.grad().defined()) << "of the probe";
  }
}

TEST_F(MicroBatch, IsOfWholeRows) {
  // What is predicted to fit ends in the middle of a row.
  const double budget = predicted(1100) / 0.9;
  EXPECT_EQ(choose(budget) % 256, 0);
  EXPECT_LE(choose(budget), 1024);
}

// A large tensor that nobody counted takes memory that the prediction did not know of.
TEST_F(MicroBatch, AProbeThatNeedsMoreMakesItSmaller) {
  const double budget = predicted(2048) / 0.89;
  ASSERT_EQ(choose(budget), 2048);
  const auto ballast = torch::ones({static_cast<int64_t>(1200 * kMiB / 4)});
  const int64_t chosen = choose(budget);
  EXPECT_LT(chosen, 2048);
  EXPECT_GE(chosen, 256);
}

TEST_F(MicroBatch, IsARowWhereNothingFits) { EXPECT_EQ(choose(100 * kMiB), 256); }

TEST(MemoryBudget, IsAShareOfWhatIsThere) {
  const double alone = memory_budget(torch::kCPU, 1);
  EXPECT_GT(alone, 100 * kMiB);
  EXPECT_LT(memory_budget(torch::kCPU, 4), 0.8 * alone);
}

}  // namespace
}  // namespace rexbert::train
