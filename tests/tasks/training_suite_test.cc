#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "support/command.h"
#include "support/world.h"
#include "tasks/suite_files.h"

namespace rexbert::tasks {
namespace {

using ::testing::HasSubstr;

// The real command, with a suite in its config.
class TrainingSuiteTest : public ::testing::Test {
 protected:
  rexbert::test::CommandResult train(const std::string& name,
                                     const std::vector<std::string>& more) const {
    std::vector<std::string> words =
        rexbert::test::World::instance().train_arguments(folder_ / name, more);
    return rexbert::test::run_rexbert(words);
  }

  std::string weights(const std::string& name) const {
    const fs::path checkpoints = folder_ / name / "checkpoints";
    return env_.read_file(checkpoints /
                          std::string(str_trim(env_.read_file(checkpoints / "latest"))) /
                          "model.safetensors");
  }

  Env& env_ = Env::posix();
  rexbert::test::TemporaryDirectory folder_;
  test::SuiteFiles files_{folder_ / "files"};
};

TEST_F(TrainingSuiteTest, RunsAtItsTimesAndChangesNoBitOfTheRun) {
  const fs::path suite = files_.config(
      "seeds: [1]\ntasks:\n  classes: {kind: classification, train: '{}/classes.jsonl', test: "
      "'{}/classes.jsonl', epochs: [1], batch: 16, learning_rate: [1e-3], max_tokens: 64}\n");
  const auto plain = train("plain", {});
  ASSERT_EQ(plain.exit_code, 0) << plain.err;
  const auto scored = train("scored", {"--set", "evaluation.suite=" + suite.string(), "--set",
                                       "evaluation.suite_every=10k"});
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  EXPECT_EQ(weights("scored"), weights("plain"));

  std::vector<Json> lines;
  const std::string metrics = env_.read_file(folder_ / "scored/metrics.jsonl");
  for (size_t begin = 0, end; (end = metrics.find('\n', begin)) != metrics.npos; begin = end + 1) {
    Json line = Json::parse(metrics.substr(begin, end - begin));
    if (line["kind"] == "suite") lines.push_back(std::move(line));
  }
  // 26,624 tokens in three phases: at 10k and 20k, and at each phase's end.
  ASSERT_GE(lines.size(), 3U);
  for (const Json& line : lines) {
    EXPECT_GT(line.at("classes").at("accuracy").get<double>(), 0.2);
    const fs::path report =
        folder_ / "scored/suite" / str_printf("step-%09lld", line.at("step").get<long long>());
    EXPECT_TRUE(env_.exists(report / "results.html")) << report;
    EXPECT_FALSE(env_.exists(report / "model")) << report;
  }
}

TEST_F(TrainingSuiteTest, AMistakeInTheSuiteIsFoundBeforeTheFirstStep) {
  const fs::path suite = files_.config("tasks:\n  classes: {kind: classification, trian: a}\n");
  const auto result = train("mistaken", {"--set", "evaluation.suite=" + suite.string()});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("suite.yaml:2"));
  EXPECT_THAT(result.err, HasSubstr("did you mean train?"));
  EXPECT_FALSE(env_.exists(folder_ / "mistaken/metrics.jsonl"));
}

}  // namespace
}  // namespace rexbert::tasks
