#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "support/command.h"
#include "support/world.h"

// `rexbert bench`: what it counts and prints; how fast things are is no test's business.
namespace rexbert {
namespace {

using test::CommandResult;
using test::run_rexbert;
using ::testing::HasSubstr;

Json json_of(const std::vector<std::string>& words) {
  const CommandResult result = run_rexbert(words);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return Json::parse(result.out);
}

TEST(BenchCommand, StepAccountsForAllOfItsTime) {
  const Json step = json_of({"bench", "step", "--preset", "micro", "--sequences", "2", "--context",
                             "64", "--steps", "2", "--threads", "1", "--json"});
  ASSERT_EQ(step["parts"].size(), 13u);
  EXPECT_EQ(step["parts"].back()["part"], "other");
  double share = 0;
  double flops = 0;
  for (const Json& part : step["parts"]) {
    share += part["share"].get<double>();
    flops += part["flops"].get<double>();
    if (part["part"] != "other") {
      EXPECT_GT(part["share"], 0) << part;
      EXPECT_GT(part["of_ceiling"], 0) << part;
    }
  }
  EXPECT_NEAR(share, 1, 1e-9);
  EXPECT_GE(step["parts"].back()["share"], 0) << "nothing is counted twice";
  EXPECT_LT(step["parts"].back()["share"], 0.5);
  EXPECT_DOUBLE_EQ(flops, step["flops"].get<double>());
  EXPECT_EQ(step["parts"][2]["part"], "qkv");
  EXPECT_EQ(step["parts"][2]["flops"], 7.0 * 6 * 128 * 256 * 768);
  EXPECT_GT(step["model_flops_utilization"], 0);
  EXPECT_THAT(
      run_rexbert({"bench", "step", "--context", "64", "--sequences", "1", "--steps", "1"}).out,
      HasSubstr("of ceiling"));
}

TEST(BenchCommand, OpsRunAsTheyAreAndAsTheirReferences) {
  for (const std::string op : {"attention", "dropout_add", "embedding_norm", "geglu", "layer_norm",
                               "linear_cross_entropy", "update"}) {
    for (const bool reference : {false, true}) {
      std::vector<std::string> words = {"bench", "op",        op,  "--tokens",  "128", "--context",
                                        "64",    "--repeats", "2", "--threads", "1",   "--json"};
      if (reference) words.push_back("--reference");
      const Json result = json_of(words);
      EXPECT_EQ(result["op"], op);
      EXPECT_GT(result["seconds"], 0) << op;
      EXPECT_GT(result["bytes"], 0) << op;
    }
  }
}

TEST(BenchCommand, OpTakesOneContextAfterTheOther) {
  const CommandResult result =
      run_rexbert({"bench", "op", "attention", "--local", "--tokens", "256", "--context", "64,256",
                   "--repeats", "1", "--json"});
  const std::vector<std::string> lines = str_split(std::string(str_trim(result.out)), '\n');
  ASSERT_EQ(lines.size(), 2u) << result.err;
  // Windows of 64 to each side: sequences of 64 are looked at whole, longer ones are not.
  const double width = 256;
  EXPECT_EQ(Json::parse(lines[0])["flops"], 12 * width * 4 * 64 * 64);
  EXPECT_EQ(Json::parse(lines[1])["flops"], 12 * width * (256 * 129 - 64 * 65));
  EXPECT_THAT(run_rexbert({"bench", "op", "attention", "--tokens", "100", "--context", "64"}).err,
              HasSubstr("a multiple of the context length, got 100 and 64"));
}

TEST(BenchCommand, TokenizeCountsItsText) {
  const test::World& world = test::World::instance();
  const std::string text = (world.path() / "text" / "general.jsonl").string();
  const auto count = [&](const std::string& threads) {
    return json_of({"bench", "tokenize", text, "--tokenizer", (world.path() / "tokenizer").string(),
                    "--threads", threads, "--repeats", "1", "--json"});
  };
  const Json one = count("1");
  const Json two = count("2");
  EXPECT_GT(one["documents"], 1);
  EXPECT_EQ(one["bytes"], two["bytes"]);
  EXPECT_EQ(one["tokens"], two["tokens"]);
}

}  // namespace
}  // namespace rexbert
