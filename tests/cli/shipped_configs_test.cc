#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "support/command.h"
#include "support/paths.h"

namespace rexbert {
namespace {

using test::run_rexbert;

// Parameters of transformers' ModernBertForMaskedLM of each size, decoder tied.
const std::map<std::string, int64_t>& parameters() {
  static const std::map<std::string, int64_t> counts = {{"micro", 16'913'600},
                                                        {"small", 32'081'344},
                                                        {"mini", 68'457'664},
                                                        {"base", 149'655'232},
                                                        {"large", 395'881'664}};
  return counts;
}

// The recipe's phases: tokens, and rows x context of a full batch.
struct Phase {
  int64_t tokens, batch_tokens;
};
const std::vector<Phase> kPhases = {
    {1'700'000'000'000, 4608 * 1024}, {250'000'000'000, 576 * 8192}, {350'000'000'000, 576 * 8192}};

Json plan_of(const std::string& size, const std::string& name,
             const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {
      "plan", "--json", "--config",
      test::source_path(str_cat("configs/", size, "/", name, ".yaml")).string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto result = run_rexbert(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return result.exit_code == 0 ? Json::parse(result.out) : Json();
}

TEST(ShippedConfigs, PrintTheRecipesParametersTokensAndSteps) {
  for (const auto& [size, count] : parameters()) {
    int64_t chain_steps = 0;
    for (int i = 0; i < 3; ++i) {
      const Json plan = plan_of(size, str_cat("phase", i + 1));
      ASSERT_EQ(plan["parameters"], count) << size;
      ASSERT_EQ(plan["phases"].size(), 1u);
      const Json& phase = plan["phases"][0];
      const Phase& expected = kPhases[static_cast<size_t>(i)];
      const int64_t tokens = phase["tokens_in_whole_steps"];
      EXPECT_GE(tokens, expected.tokens);
      EXPECT_LT(tokens, expected.tokens + expected.batch_tokens);
      const int64_t steps = phase["steps"];
      // Without growth of the batch the steps are tokens over batch, rounded up.
      const int64_t full = (expected.tokens + expected.batch_tokens - 1) / expected.batch_tokens;
      if (i == 0) {
        EXPECT_GT(steps, full);
      } else {
        EXPECT_EQ(steps, full);
      }
      chain_steps += steps;
    }
    const Json whole = plan_of(size, "pretrain");
    ASSERT_EQ(whole["parameters"], count) << size;
    int64_t steps = 0;
    for (const Json& phase : whole["phases"]) steps += phase["steps"].get<int64_t>();
    EXPECT_EQ(steps, chain_steps) << size;
  }
}

// Of batches of 192 and 4,608 rows of 1,024 tokens, then twice 576 of 8,192.
TEST(ShippedConfigs, PrintWhatEachRankDoesOfABatch) {
  struct Expected {
    int64_t ranks, lanes;
    // rows, micro_rows, micro_batches, last_micro_rows
    std::vector<int64_t> first, full, later;
  };
  const std::vector<Expected> all = {
      {1, 192, {192, 16, 12, 16}, {4608, 16, 288, 16}, {576, 2, 288, 2}},
      {8, 24, {24, 16, 2, 8}, {576, 16, 36, 16}, {72, 2, 36, 2}},
      {32, 6, {6, 6, 1, 6}, {144, 16, 9, 16}, {18, 2, 9, 2}},
      {64, 3, {3, 3, 1, 3}, {72, 16, 5, 8}, {9, 2, 5, 1}}};
  const auto numbers = [](const Json& share) {
    return std::vector<int64_t>{share["rows"], share["micro_rows"], share["micro_batches"],
                                share["last_micro_rows"]};
  };
  for (const Expected& expected : all) {
    const Json plan = plan_of("base", "pretrain", {"--world-size", str_cat(expected.ranks)});
    ASSERT_EQ(plan["world_size"], expected.ranks);
    EXPECT_EQ(plan["lanes_per_rank"], expected.lanes);
    ASSERT_EQ(plan["phases"][0]["shares"].size(), 2u);
    EXPECT_EQ(numbers(plan["phases"][0]["shares"][0]), expected.first);
    EXPECT_EQ(numbers(plan["phases"][0]["shares"][1]), expected.full);
    for (const size_t phase : {1, 2}) {
      ASSERT_EQ(plan["phases"][phase]["shares"].size(), 1u);
      EXPECT_EQ(numbers(plan["phases"][phase]["shares"][0]), expected.later);
    }
  }
}

TEST(ShippedConfigs, RefuseANumberOfRanksThatDoesNotDivideTheLanes) {
  const auto result = run_rexbert({"plan", "--world-size", "100", "--config",
                                   test::source_path("configs/base/pretrain.yaml").string()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "rexbert: --world-size: expected a number of ranks that divides the 192 lanes, got "
            "100; nearest are 96 and 192\n");
}

}  // namespace
}  // namespace rexbert
