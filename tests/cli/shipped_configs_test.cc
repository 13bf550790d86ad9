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

Json plan_of(const std::string& size, const std::string& name) {
  const auto result =
      run_rexbert({"plan", "--json", "--config",
                   test::source_path(str_cat("configs/", size, "/", name, ".yaml")).string()});
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

}  // namespace
}  // namespace rexbert
