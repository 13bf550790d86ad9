#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rexbert/core/json.h"
#include "support/world.h"

// `rexbert embed` and `rexbert fill-mask` with the checkpoint of a run of one step.
namespace rexbert {
namespace {

using test::World;
using testing::HasSubstr;
using testing::StartsWith;

class InferenceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new test::TemporaryDirectory;
    const auto trained = test::run_rexbert(
        World::instance().train_arguments(*directory_ / "run", {"--stop-at-step", "1"}));
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  static void TearDownTestSuite() { delete directory_; }

  static test::CommandResult run(std::vector<std::string> words) {
    words.insert(words.end(), {"--checkpoint", *directory_ / "run", "--precision", "f32"});
    const test::CommandResult result = test::run_rexbert(words, directory_->path());
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result;
  }

  static std::string contents(const std::string& name) {
    return Env::posix().read_file(*directory_ / name);
  }

  static test::TemporaryDirectory* directory_;
};

test::TemporaryDirectory* InferenceTest::directory_ = nullptr;

TEST_F(InferenceTest, EmbedWritesARowForEachTextOfAFile) {
  const std::string input = (World::instance().path() / "text/ecommerce.jsonl").string();
  const std::string text = run({"embed", input, "--output", "a.npy", "--normalize"}).out;
  EXPECT_THAT(text, StartsWith("texts           120\n"));
  EXPECT_THAT(text, HasSubstr(" texts/s, "));
  EXPECT_THAT(text, HasSubstr("written to      a.npy: [120, 32]\n"));
  EXPECT_THAT(contents("a.npy"), HasSubstr("'shape': (120, 32)"));
  EXPECT_EQ(contents("a.npy").size(), 128u + 120 * 32 * 4);

  const auto report = Json::parse(run({"embed", input, "--output", "b.npy", "--normalize", "--json",
                                       "--batch-tokens", "100", "--threads", "1"})
                                      .out);
  EXPECT_EQ(report.at("texts"), 120);
  EXPECT_EQ(report.at("precision"), "f32");
  EXPECT_EQ(report.at("threads"), 1);
  EXPECT_GT(report.at("tokens_per_second"), 0);
}

TEST_F(InferenceTest, EmbedReadsPlainLinesFromStandardInput) {
  const test::CommandResult result = test::run_command(
      {"sh", "-c",
       "printf 'running shoes\\n\\nsize 7\\n' | " REXBERT_BINARY_DIR
       "/bin/rexbert embed - --format text --output v --output-format jsonl --dimensions 3 "
       "--pooling cls --context 8 --precision f32 --checkpoint run/checkpoints/step-000000001"},
      directory_->path());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("embedding in f32 on cpu"));
  EXPECT_THAT(result.err, HasSubstr("standard input:1: of 1 texts, this one the first, what lies "
                                    "beyond 8 tokens was left out"));
  const std::vector<std::string> lines = str_split(contents("v"), '\n');
  ASSERT_EQ(lines.size(), 4u);  // the last one empty
  for (size_t i = 0; i < 3; ++i) {
    const Json json = Json::parse(lines[i]);
    EXPECT_EQ(json.at("id"), str_cat("standard input:", i + 1));
    EXPECT_EQ(json.at("embedding").size(), 3u);
  }
}

TEST_F(InferenceTest, FillMaskPrintsTheLikeliestTokens) {
  const std::string text = "A pair of [MASK] shoes, size [MASK]";
  const std::string table = run({"fill-mask", text, "--top", "2"}).out;
  EXPECT_THAT(table, StartsWith("mask 1 of 2\n"));
  EXPECT_EQ(str_split(table, '\n').size(), 7u) << table;

  const auto json = Json::parse(run({"fill-mask", text, "--top", "2", "--json"}).out);
  EXPECT_EQ(json.at("text"), text);
  ASSERT_EQ(json.at("masks").size(), 2u);
  for (const Json& mask : json.at("masks")) {
    ASSERT_EQ(mask.size(), 2u);
    EXPECT_GE(mask[0].at("probability"), mask[1].at("probability"));
    EXPECT_THAT(mask[0].at("text"), testing::AllOf(StartsWith("A pair of"), HasSubstr("shoes")));
    EXPECT_THAT(table, HasSubstr(mask[1].at("text").get<std::string>()));
  }
  EXPECT_THAT(run({"fill-mask", "[MASK]", "--top", "1"}).out, testing::Not(HasSubstr("mask 1")));
}

}  // namespace
}  // namespace rexbert
