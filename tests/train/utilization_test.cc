#include <gtest/gtest.h>

#include <cmath>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "rexbert/nn/costs.h"
#include "rexbert/train/run_config.h"
#include "support/command.h"
#include "support/temporary_directory.h"
#include "support/world.h"

namespace rexbert::train {
namespace {

// What a step costs depends on where its documents end: no less than if each were a token, no more
// than if each filled a row.
TEST(Utilization, IsThatOfTheStepsFlops) {
  const test::World& world = test::World::instance();
  const test::TemporaryDirectory run;
  const test::CommandResult result =
      test::run_rexbert(world.train_arguments(run.path(), {"--set", "logging.every_steps=1"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const nn::EncoderConfig model = load_run_config(Env::posix(), world.config()).config.model;
  int lines = 0;
  for (const std::string& text :
       str_split(Env::posix().read_file(run.path() / "metrics.jsonl"), '\n')) {
    if (text.empty()) continue;
    const Json line = Json::parse(text);
    if (line["kind"] != "train") continue;
    ++lines;
    const double rate = line["model_flops_per_second"];
    const double seconds = 1 / line["tokens_per_second"].get<double>();  // a token's
    const int64_t longest = line["phase"] == "general" ? 64 : 128;
    const int64_t rows = line["rows"];
    const int64_t tokens = rows * longest;
    nn::BatchShape shape{.tokens = tokens,
                         .masked = line["masked_tokens"],
                         .global_pairs = tokens,
                         .local_pairs = tokens};
    const double flops = rate * seconds * static_cast<double>(tokens);
    // A row may lack an eighth of a hundredth part of its tokens.
    EXPECT_GE(flops, 0.99 * nn::training_flops(model, shape)) << text;
    shape.global_pairs = tokens * longest;
    shape.local_pairs =
        rows * nn::shape_of(model, {0, static_cast<int32_t>(longest)}, 0).local_pairs;
    EXPECT_LE(flops, (1 + 1e-9) * nn::training_flops(model, shape)) << text;
    const double utilization = line["model_flops_utilization"];
    EXPECT_GT(utilization, 0);
    EXPECT_LT(utilization, 1);
  }
  EXPECT_GT(lines, 10);
}

}  // namespace
}  // namespace rexbert::train
