#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
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

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

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

  static std::vector<std::string> joined(std::vector<std::string> words,
                                         const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  pid_t start(const std::string& name, const std::vector<std::string>& more) const {
    return rexbert::test::start_rexbert(arguments(name, more), log());
  }
  // Two, of which only the first can read the suite's config.
  std::vector<pid_t> start_ranks(const std::string& name,
                                 const std::vector<std::string>& more) const {
    const int port = rexbert::test::free_port();
    std::vector<pid_t> ranks;
    for (int rank = 0; rank < 2; ++rank) {
      std::vector<std::string> words = arguments(name, more);
      if (rank > 0) words.insert(words.end(), {"--set", "evaluation.suite=not/here.yaml"});
      ranks.push_back(rexbert::test::start_rexbert(
          words, log(), {str_cat("RANK=", rank), "WORLD_SIZE=2", str_cat("MASTER_PORT=", port)}));
    }
    return ranks;
  }
  // The processes' exit codes.
  static std::vector<int> ends(const std::vector<pid_t>& processes) {
    std::vector<int> codes;
    for (const pid_t process : processes) {
      codes.push_back(WEXITSTATUS(rexbert::test::wait_for(process)));
    }
    return codes;
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
  // Of its first fine-tuning.
  fs::path part(const std::string& name, int64_t step) const {
    return report(name, step) / "parts/model/classes/seed-1";
  }
  std::function<bool()> has(const fs::path& path) const {
    return [this, path] { return env_.exists(path); };
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

// The second waits for the first one's suite, over more updates than one, and hears a signal in it.
TEST_F(TrainingSuiteTest, OneOfTwoRanksRunsItAndASignalToTheOtherStopsIt) {
  const std::vector<std::string> more = with_suite(suite());
  ASSERT_THAT(ends(start_ranks("whole", more)), Each(0)) << env_.read_file(log());
  const std::vector<int64_t> steps = times("whole");
  std::vector<int64_t> scored;
  for (const Json& line : lines("whole", "suite")) scored.push_back(line.at("step"));
  EXPECT_EQ(scored, steps);

  for (const int64_t step : {steps.front(), steps.back()}) {
    const std::vector<pid_t> ranks = start_ranks("cut", more);
    int status = 0;
    EXPECT_TRUE(rexbert::test::signal_at(ranks[1], has(part("cut", step) / "metrics.jsonl"),
                                         SIGTERM, &status));
    EXPECT_EQ(WEXITSTATUS(status), 130) << env_.read_file(log());
    EXPECT_THAT(ends({ranks[0]}), Each(130)) << env_.read_file(log());
  }
  // Without a step to train, there is no order of sums to compare.
  ASSERT_THAT(ends(start_ranks("cut", more)), Each(0)) << env_.read_file(log());
  EXPECT_THAT(env_.read_file(log()), Not(HasSubstr("in another order")));
  EXPECT_EQ(lines("cut", "suite"), lines("whole", "suite"));
  EXPECT_EQ(weights("cut"), weights("whole"));
}

TEST_F(TrainingSuiteTest, OneThatIsStoppedOrKilledIsEndedWhenTheRunGoesOn) {
  const std::vector<std::string> more = with_suite(suite());
  ASSERT_EQ(train("whole", more).exit_code, 0);
  const int64_t step = times("whole").front();
  const fs::path first = part("cut", step);
  int status = 0;
  ASSERT_TRUE(
      rexbert::test::signal_at(start("cut", more), has(first / "metrics.jsonl"), SIGTERM, &status));
  EXPECT_EQ(WEXITSTATUS(status), 130) << env_.read_file(log());
  EXPECT_TRUE(lines("cut", "suite").empty());
  ASSERT_TRUE(rexbert::test::kill_at(start("cut", more), has(first / "result.json")));
  const std::string done = env_.read_file(first / "result.json");
  // A run that is to train no further ends it too.
  const auto stopped = train("cut", joined(more, {"--stop-at-step", std::to_string(step)}));
  EXPECT_EQ(stopped.exit_code, 0) << stopped.err;
  EXPECT_EQ(lines("cut", "suite").size(), 1U);
  EXPECT_EQ(lines("cut", "train").back().at("step"), step);
  ASSERT_EQ(train("cut", more).exit_code, 0);
  EXPECT_EQ(env_.read_file(first / "result.json"), done);
  EXPECT_EQ(lines("cut", "suite"), lines("whole", "suite"));
  EXPECT_EQ(weights("cut"), weights("whole"));
}

// Behind the last step: the run is not at its end before its last suite is.
TEST_F(TrainingSuiteTest, ASignalInTheLastOneIsAnInterruption) {
  const std::vector<std::string> more = with_suite(suite());
  ASSERT_EQ(train("whole", more).exit_code, 0);
  const std::vector<int64_t> steps = times("whole");
  const fs::path last = part("cut", steps.back());
  for (const int signal : {SIGTERM, SIGTERM, SIGKILL}) {  // the later ones find no step to train
    env_.remove_all(last);
    int status = 0;
    ASSERT_TRUE(
        rexbert::test::signal_at(start("cut", more), has(last / "metrics.jsonl"), signal, &status));
    if (signal == SIGTERM) {
      EXPECT_EQ(WEXITSTATUS(status), 130) << env_.read_file(log());
    }
    EXPECT_EQ(lines("cut", "suite").size(), steps.size() - 1);
  }
  const auto rest = train("cut", more);
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_EQ(lines("cut", "suite"), lines("whole", "suite"));
  EXPECT_EQ(weights("cut"), weights("whole"));
}

TEST_F(TrainingSuiteTest, AKillInOneCostsNoStepWhereverCheckpointsAreDue) {
  const std::vector<std::string> more =
      joined(with_suite(suite()),
             {"--set", "checkpoint.every=0", "--set", "checkpoint.at_phase_ends=false"});
  ASSERT_EQ(train("whole", more).exit_code, 0);
  for (const int64_t step : times("whole")) {
    ASSERT_TRUE(
        rexbert::test::kill_at(start("cut", more), has(part("cut", step) / "metrics.jsonl")));
    EXPECT_EQ(env_.read_file(folder_ / "cut/checkpoints/latest"),
              report("", step).filename().string() + "\n");
  }
  ASSERT_EQ(train("cut", more).exit_code, 0);
  EXPECT_EQ(lines("cut", "suite"), lines("whole", "suite"));
  EXPECT_EQ(weights("cut"), weights("whole"));
}

// As a kill leaves them between a suite's line and the end of its mark, and behind that.
TEST_F(TrainingSuiteTest, OneThatHasItsLineIsNotWrittenAgain) {
  const std::vector<std::string> more = with_suite(suite());
  ASSERT_EQ(train("run", more).exit_code, 0);
  const std::vector<Json> before = lines("run", "suite");
  const fs::path first = report("run", before.front().at("step"));
  const fs::path last = report("run", before.back().at("step"));
  env_.create_directories(first / "model");
  env_.create_directories(last / "model");
  publish_file(
      env_, last / "pending.json",
      Json({{"step", before.back().at("step")}, {"tokens", before.back().at("tokens")}}).dump());
  ASSERT_EQ(train("run", more).exit_code, 0);
  EXPECT_EQ(lines("run", "suite"), before);
  EXPECT_FALSE(env_.exists(last / "pending.json"));
  EXPECT_FALSE(env_.exists(last / "model"));
  EXPECT_FALSE(env_.exists(first / "model"));
}

TEST_F(TrainingSuiteTest, OneThatFailsCostsNoTraining) {
  ASSERT_EQ(train("plain", {"--set", "logging.every_steps=1"}).exit_code, 0);
  const std::vector<int64_t> steps = times("plain");
  // A file stands in the way of the first one's folder, and of what the others measure.
  for (const int64_t step : steps) {
    const fs::path output = report("failed", step);
    const fs::path in_the_way = step == steps.front() ? output : output / "parts";
    env_.create_directories(in_the_way.parent_path());
    publish_file(env_, in_the_way, "");
  }
  const auto result = train("failed", with_suite(suite()));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  std::vector<int64_t> failed;
  for (const Json& line : lines("failed", "suite")) {
    failed.push_back(line.at("step"));
    EXPECT_THAT(line.at("error").get<std::string>(), HasSubstr("cannot create the directory"));
    EXPECT_FALSE(env_.exists(report("failed", failed.back()) / "model"));
  }
  EXPECT_EQ(failed, steps);
  EXPECT_EQ(weights("failed"), weights("plain"));
}

TEST_F(TrainingSuiteTest, AMistakeInTheSuiteIsFoundBeforeTheFirstStep) {
  const auto mistaken_file = [&](const fs::path& config) {
    const auto result = train("mistaken", with_suite(config));
    EXPECT_NE(result.exit_code, 0);
    EXPECT_FALSE(env_.exists(folder_ / "mistaken/metrics.jsonl"));
    return result.err;
  };
  const auto mistaken = [&](const std::string& config) {
    return mistaken_file(files_.config(config));
  };
  const std::string misspelt = mistaken("tasks:\n  classes: {kind: classification, trian: a}\n");
  EXPECT_THAT(misspelt, HasSubstr("suite.yaml:2"));
  EXPECT_THAT(misspelt, HasSubstr("did you mean train?"));
  EXPECT_THAT(mistaken("tasks:\n  classes: {kind: classification, train: '{}/tags.jsonl', test: "
                       "'{}/tags.jsonl'}\n"),
              HasSubstr("evaluation.suite: tasks.classes: "));
  EXPECT_THAT(mistaken("tasks:\n  recovery: {kind: mlm_recovery, domains: {a: '{}/none.txt'}}\n"),
              HasSubstr("none.txt"));
  EXPECT_THAT(mistaken_file(suite(", limit: 3, patience: 1")),
              HasSubstr("evaluation.suite: tasks.classes: held_out: expected"));
  // Shards that do not say whose they are.
  fs::copy(rexbert::test::World::instance().path() / "shards/general/validation",
           files_.path("shards"));
  env_.remove_file(files_.path("shards") / "rexbert.json");
  EXPECT_THAT(mistaken("tasks:\n  recovery: {kind: mlm_recovery, domains: {a: '{}/shards'}}\n"),
              HasSubstr("domains.a: " + files_.path("shards").string() +
                        ": expected tokens of the tokenizer"));
}

}  // namespace
}  // namespace rexbert::tasks
