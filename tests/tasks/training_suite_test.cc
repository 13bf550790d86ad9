#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "dist/ports.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "support/command.h"
#include "support/process.h"
#include "support/world.h"
#include "tasks/suite_files.h"

namespace rexbert::tasks {
namespace {

using ::testing::HasSubstr;

// The real command, with a suite in its config.
class TrainingSuiteTest : public ::testing::Test {
 protected:
  fs::path suite(const std::string& more = "") const {
    return files_.config(
        "seeds: [1, 2]\ntasks:\n  classes: {kind: classification, train: '{}/classes.jsonl', test: "
        "'{}/classes.jsonl', epochs: [1], batch: 16, learning_rate: [1e-3], max_tokens: 64" +
        more + "}\n");
  }

  static std::vector<std::string> with_suite(const fs::path& suite) {
    return {"--set", "evaluation.suite=" + suite.string(),
            "--set", "evaluation.suite_every=10k",
            "--set", "logging.every_steps=1"};
  }

  std::vector<std::string> arguments(const std::string& name,
                                     const std::vector<std::string>& more) const {
    return rexbert::test::World::instance().train_arguments(folder_ / name, more);
  }

  rexbert::test::CommandResult train(const std::string& name,
                                     const std::vector<std::string>& more) const {
    return rexbert::test::run_rexbert(arguments(name, more));
  }

  std::vector<Json> lines(const std::string& name, const std::string& kind) const {
    std::vector<Json> found;
    for (const std::string& text :
         str_split(env_.read_file(folder_ / name / "metrics.jsonl"), '\n')) {
      if (text.empty()) continue;
      Json line = Json::parse(text);
      if (line["kind"] == kind) found.push_back(std::move(line));
    }
    return found;
  }

  // The steps that carried the tokens over a multiple of 10k or ended a phase.
  std::vector<int64_t> times(const std::string& name) const {
    std::set<int64_t> steps;
    int64_t before = 0;
    for (const Json& line : lines(name, "train")) {
      const auto tokens = line.at("tokens").get<int64_t>();
      if (tokens / 10'000 > before / 10'000) steps.insert(line.at("step").get<int64_t>());
      before = tokens;
    }
    for (const Json& line : lines(name, "phase")) steps.insert(line.at("step").get<int64_t>());
    EXPECT_EQ(steps.size(), 4U);  // 10k, and the three phases' ends
    return {steps.begin(), steps.end()};
  }

  fs::path report(const std::string& name, int64_t step) const {
    return folder_ / name / "suite" / str_printf("step-%09lld", static_cast<long long>(step));
  }
  fs::path log() const { return folder_ / "log"; }

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
  const auto plain = train("plain", {});
  ASSERT_EQ(plain.exit_code, 0) << plain.err;
  const auto scored = train("scored", with_suite(suite()));
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  EXPECT_EQ(weights("scored"), weights("plain"));

  std::vector<int64_t> steps;
  for (const Json& line : lines("scored", "suite")) {
    steps.push_back(line.at("step"));
    EXPECT_GT(line.at("classes").at("accuracy").get<double>(), 0.2);
    EXPECT_TRUE(env_.exists(report("scored", steps.back()) / "results.html"));
    EXPECT_FALSE(env_.exists(report("scored", steps.back()) / "model"));
  }
  EXPECT_EQ(steps, times("scored"));
}

// Two ranks: the second waits for the first one's suite, over more updates than one.
TEST_F(TrainingSuiteTest, OneOfTwoRanksRunsIt) {
  const std::string config = suite().string();
  const int port = rexbert::test::free_port();
  std::vector<pid_t> ranks;
  for (int rank = 0; rank < 2; ++rank) {
    ranks.push_back(rexbert::test::start_rexbert(
        arguments("ranks", with_suite(config)), log(),
        {str_cat("RANK=", rank), "WORLD_SIZE=2", str_cat("MASTER_PORT=", port)}));
  }
  for (const pid_t rank : ranks) {
    EXPECT_EQ(rexbert::test::wait_for(rank), 0) << env_.read_file(log());
  }
  std::vector<int64_t> steps;
  for (const Json& line : lines("ranks", "suite")) steps.push_back(line.at("step"));
  EXPECT_EQ(steps, times("ranks"));
}

TEST_F(TrainingSuiteTest, OneThatIsStoppedOrKilledIsEndedWhenTheRunGoesOn) {
  const std::vector<std::string> more = with_suite(suite());
  ASSERT_EQ(train("whole", more).exit_code, 0);
  const int64_t step = times("whole").front();
  const fs::path parts = report("cut", step) / "parts/model/classes";
  const auto exists = [&](const fs::path& path) { return [&, path] { return env_.exists(path); }; };
  const auto start = [&] { return rexbert::test::start_rexbert(arguments("cut", more), log()); };
  int status = 0;
  ASSERT_TRUE(
      rexbert::test::signal_at(start(), exists(parts / "seed-1/metrics.jsonl"), SIGTERM, &status));
  EXPECT_EQ(WEXITSTATUS(status), 130) << env_.read_file(log());
  EXPECT_TRUE(lines("cut", "suite").empty());
  ASSERT_TRUE(rexbert::test::kill_at(start(), exists(parts / "seed-1/result.json")));
  // The last one too, behind the last step.
  const fs::path last = report("cut", times("whole").back()) / "parts/model/classes/seed-1";
  ASSERT_TRUE(rexbert::test::kill_at(start(), exists(last / "metrics.jsonl")));
  const std::string done = env_.read_file(parts / "seed-1/result.json");
  ASSERT_EQ(rexbert::test::wait_for(start()), 0) << env_.read_file(log());
  EXPECT_EQ(env_.read_file(parts / "seed-1/result.json"), done);
  EXPECT_EQ(lines("cut", "suite"), lines("whole", "suite"));
  EXPECT_EQ(weights("cut"), weights("whole"));
}

TEST_F(TrainingSuiteTest, OneThatFailsCostsNoTraining) {
  const auto result = train("failed", with_suite(suite(", limit: 3, patience: 1")));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::vector<Json> found = lines("failed", "suite");
  EXPECT_EQ(found.size(), times("failed").size());
  for (const Json& line : found) {
    EXPECT_THAT(line.at("error").get<std::string>(),
                HasSubstr("tasks.classes: held_out: expected"));
  }
}

TEST_F(TrainingSuiteTest, AMistakeInTheSuiteIsFoundBeforeTheFirstStep) {
  const auto mistaken = [&](const std::string& config) {
    const auto result = train("mistaken", with_suite(files_.config(config)));
    EXPECT_NE(result.exit_code, 0);
    EXPECT_FALSE(env_.exists(folder_ / "mistaken/metrics.jsonl"));
    return result.err;
  };
  const std::string misspelt = mistaken("tasks:\n  classes: {kind: classification, trian: a}\n");
  EXPECT_THAT(misspelt, HasSubstr("suite.yaml:2"));
  EXPECT_THAT(misspelt, HasSubstr("did you mean train?"));
  EXPECT_THAT(mistaken("tasks:\n  classes: {kind: classification, train: '{}/tags.jsonl', test: "
                       "'{}/tags.jsonl'}\n"),
              HasSubstr("evaluation.suite: tasks.classes: "));
  EXPECT_THAT(mistaken("tasks:\n  recovery: {kind: mlm_recovery, domains: {a: '{}/none.txt'}}\n"),
              HasSubstr("none.txt"));
}

}  // namespace
}  // namespace rexbert::tasks
