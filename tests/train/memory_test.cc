#include <gtest/gtest.h>

#include "rexbert/core/json.h"
#include "rexbert/nn/memory.h"
#include "support/command.h"

namespace rexbert {
namespace {

constexpr double kGiB = 1 << 30;

// The peak of a process that trains on one sequence of `tokens` tokens, GiB.
double measured(const std::string& preset, int64_t tokens) {
  const test::CommandResult result =
      test::run_rexbert({"bench", "train", "--preset", preset, "--sequences", "1", "--context",
                         std::to_string(tokens), "--steps", "1", "--threads", "2", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return Json::parse(result.out)["peak_memory_gib"].get<double>();
}

double predicted(const std::string& preset, int64_t tokens) {
  return nn::predict_memory(nn::preset(preset), {.tokens = tokens}).total() / kGiB;
}

struct Case {
  std::string preset;
  int64_t few;
  int64_t many;
};

class MemoryTest : public ::testing::TestWithParam<Case> {};

// The prediction beside the peaks of processes: as a whole, and what more tokens add to it.
TEST_P(MemoryTest, IsWhatProcessesTake) {
  const auto& [preset, few_tokens, many_tokens] = GetParam();
  const double few = measured(preset, few_tokens);
  const double many = measured(preset, many_tokens);
  EXPECT_NEAR(many / predicted(preset, many_tokens), 1, 0.15);
  const double grown = predicted(preset, many_tokens) - predicted(preset, few_tokens);
  EXPECT_NEAR((many - few) / grown, 1, 0.2) << many << " and " << few << " GiB";
}

INSTANTIATE_TEST_SUITE_P(Presets, MemoryTest,
                         ::testing::Values(Case{"micro", 1024, 4096}, Case{"mini", 512, 2048}),
                         [](const auto& preset) { return preset.param.preset; });

TEST(LargestMicroBatch, IsTheLastThatFits) {
  const nn::EncoderConfig base = nn::preset("base");
  const double budget = 8 * kGiB;
  const int64_t tokens = nn::largest_micro_batch(base, {}, budget);
  EXPECT_LE(nn::predict_memory(base, {.tokens = tokens}).total(), budget);
  EXPECT_GT(nn::predict_memory(base, {.tokens = tokens + 1}).total(), budget);
  EXPECT_EQ(nn::largest_micro_batch(base, {}, kGiB), 0) << "the weights alone take more";
}

}  // namespace
}  // namespace rexbert
