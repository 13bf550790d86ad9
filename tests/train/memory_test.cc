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

class MemoryTest : public ::testing::TestWithParam<std::string> {};

// The prediction beside the peaks of processes: as a whole, and what more tokens add to it.
TEST_P(MemoryTest, IsWhatProcessesTake) {
  const double few = measured(GetParam(), 512);
  const double many = measured(GetParam(), 2048);
  EXPECT_NEAR(many / predicted(GetParam(), 2048), 1, 0.15);
  const double grown = predicted(GetParam(), 2048) - predicted(GetParam(), 512);
  EXPECT_NEAR((many - few) / grown, 1, 0.2) << many << " and " << few << " GiB";
}

INSTANTIATE_TEST_SUITE_P(Presets, MemoryTest, ::testing::Values("micro", "mini"),
                         [](const auto& preset) { return preset.param; });

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
