#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "rexbert/core/env.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "support/command.h"
#include "support/temporary_directory.h"
#include "support/world.h"

namespace rexbert {
namespace {

using test::CommandResult;
using test::run_rexbert;
using test::World;
using ::testing::HasSubstr;

class ResumeTest : public ::testing::Test {
 protected:
  Env& env_ = Env::posix();
  const World& world_ = World::instance();
  test::TemporaryDirectory directory_;

  CommandResult train(const std::string& name, const std::vector<std::string>& more = {}) {
    return run_rexbert(world_.train_arguments(directory_.path() / name, more));
  }

  fs::path last_checkpoint(const std::string& name) {
    const fs::path checkpoints = directory_.path() / name / "checkpoints";
    return checkpoints / str_trim(env_.read_file(checkpoints / "latest"));
  }

  // Weights, moments and cursors: what must be the same bits.
  std::map<std::string, std::string> final_bits(const std::string& name) {
    const fs::path folder = last_checkpoint(name);
    Json state = Json::parse(env_.read_file(folder / "trainer_state.json"));
    return {{"weights", env_.read_file(folder / "model.safetensors")},
            {"moments", env_.read_file(folder / "optimizer.safetensors")},
            {"cursors", state["loader"].dump()},
            {"step", state["step"].dump()}};
  }

  // Without what depends on the clock and on where the run was stopped.
  std::string measured(const std::string& name) {
    std::string out;
    for (const std::string& line :
         str_split(env_.read_file(directory_.path() / name / "metrics.jsonl"), '\n')) {
      if (line.empty()) continue;
      Json json = Json::parse(line);
      if (json["kind"] == "checkpoint") continue;
      for (const char* key : {"tokens_per_second", "data_wait", "stream_rows",
                              "model_flops_per_second", "model_flops_utilization"}) {
        json.erase(key);
      }
      out += json.dump() + "\n";
    }
    return out;
  }
};

TEST_F(ResumeTest, StoppedAnywhereItEndsInTheSameBits) {
  ASSERT_EQ(train("whole").exit_code, 0);
  const auto whole = final_bits("whole");
  const int steps = std::stoi(whole.at("step"));
  ASSERT_GE(steps, 20);
  for (int first = 1; first < steps; first += 5) {
    const std::string name = "stopped" + std::to_string(first);
    ASSERT_EQ(train(name, {"--stop-at-step", std::to_string(first)}).exit_code, 0);
    ASSERT_EQ(train(name, {"--stop-at-step", std::to_string(first + 2)}).exit_code, 0);
    const CommandResult end = train(name);
    ASSERT_EQ(end.exit_code, 0) << end.err;
    if (first + 2 < steps) {
      EXPECT_THAT(end.err, HasSubstr(str_cat("resuming at step ", first + 2, " from ")));
    }
    EXPECT_EQ(final_bits(name), whole) << "stopped at " << first;
    EXPECT_EQ(measured(name), measured("whole"));
  }
  const CommandResult again = train("whole");
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.err, HasSubstr("already done"));
}

TEST_F(ResumeTest, AChainOfThreeFilesEndsInTheBitsOfTheOneFile) {
  ASSERT_EQ(train("whole").exit_code, 0);
  const std::string root = world_.path().string();
  std::string before;
  for (int i = 0; i < 3; ++i) {
    const std::string run = (directory_.path() / str_cat("chain", i)).string();
    std::string config = "run: {name: chain, directory: " + run + ", threads: 1}\n";
    config += World::common_yaml(root);
    if (i == 2) config += world_.salience_yaml();
    if (i > 0) config += "start_from: " + before + "\n";
    config += "phases:\n" + World::phases_yaml()[static_cast<size_t>(i)];
    const fs::path path = directory_.path() / str_cat("chain", i, ".yaml");
    publish_file(env_, path, config);
    const CommandResult result = run_rexbert({"train", "--config", path.string()});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    before = run;
  }
  EXPECT_EQ(final_bits("chain2"), final_bits("whole"));
}

TEST_F(ResumeTest, ADamagedCheckpointIsPassedOverWithAWarning) {
  ASSERT_EQ(train("run", {"--stop-at-step", "14"}).exit_code, 0);
  const fs::path newest = last_checkpoint("run");
  env_.truncate_file(newest / "optimizer.safetensors", 100);
  const CommandResult result = train("run");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(
      result.err,
      HasSubstr(newest.string() + " is damaged and passed over: optimizer.safetensors: expected "));
  ASSERT_EQ(train("whole").exit_code, 0);
  EXPECT_EQ(final_bits("run"), final_bits("whole"));
}

TEST_F(ResumeTest, AChangeThatBreaksContinuationIsRefusedNamingTheKeys) {
  ASSERT_EQ(train("run", {"--stop-at-step", "3"}).exit_code, 0);
  const CommandResult result =
      train("run", {"--set", "optimizer.epsilon=1e-8", "--set", "phases.0.batch={rows: 4}", "--set",
                    "phases.2.tokens=4k"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("the config no longer continues"));
  EXPECT_THAT(result.err, HasSubstr("optimizer.epsilon: 1e-6 then, 1e-8 now"));
  EXPECT_THAT(result.err, HasSubstr("phases[0].batch.rows: 8 then, 4 now"));
  EXPECT_THAT(result.err, HasSubstr("phases[0].batch.warmup.from: 2 then, not set now"));
  EXPECT_THAT(result.err, Not(HasSubstr("phases[2]"))) << "a phase to come may change";
}

TEST_F(ResumeTest, ResumeNoneRefusesToOverwrite) {
  ASSERT_EQ(train("run", {"--stop-at-step", "3"}).exit_code, 0);
  const CommandResult result = train("run", {"--resume", "none"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("holds checkpoints up to step 3"));
}

TEST_F(ResumeTest, EarlierCheckpointsCanBeChosen) {
  ASSERT_EQ(train("whole").exit_code, 0);
  const auto whole = final_bits("whole");
  const fs::path checkpoints = directory_.path() / "whole" / "checkpoints";
  const std::string first = env_.list_directory(checkpoints).at(1);  // after `latest`
  const CommandResult result = train("whole", {"--resume", (checkpoints / first).string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(final_bits("whole"), whole);
}

TEST_F(ResumeTest, AnotherFutureReplacesTheOldOne) {
  ASSERT_EQ(train("whole").exit_code, 0);
  const auto whole = final_bits("whole");
  const fs::path checkpoints = directory_.path() / "whole" / "checkpoints";
  const std::string first = env_.list_directory(checkpoints).at(1);  // after `latest`
  const std::string last = env_.read_file(checkpoints / "latest");
  const std::vector<std::string> other = {"--set", "phases.2.masking.strength=0.25"};
  std::vector<std::string> fork = {"--resume", (checkpoints / first).string()};
  fork.insert(fork.end(), other.begin(), other.end());
  const CommandResult result = train("whole", fork);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("set aside, as the run goes on from step"), std::string::npos);
  EXPECT_EQ(env_.read_file(checkpoints / "latest"), last);
  EXPECT_NE(final_bits("whole"), whole);
  EXPECT_TRUE(env_.exists(checkpoints / ("aside-" + last.substr(0, last.size() - 1))));

  ASSERT_EQ(train("straight", other).exit_code, 0);
  EXPECT_EQ(final_bits("whole"), final_bits("straight"));
}

TEST_F(ResumeTest, StopAtStepTrainsNoFurtherWhenItIsRepeated) {
  for (int time = 0; time < 2; ++time) {
    ASSERT_EQ(train("stopped", {"--stop-at-step", "3"}).exit_code, 0);
    EXPECT_EQ(env_.read_file(directory_.path() / "stopped/checkpoints/latest"), "step-000000003\n");
  }
}

TEST_F(ResumeTest, OneProcessTrainsInAFolder) {
  env_.create_directories(directory_.path() / "locked");
  const auto lock = env_.try_lock(directory_.path() / "locked" / "lock");
  ASSERT_NE(lock, nullptr);
  const CommandResult result = train("locked");
  EXPECT_EQ(result.exit_code, static_cast<int>(ErrorCode::kUsage));
  EXPECT_NE(result.err.find("another process trains in this folder"), std::string::npos);
}

TEST_F(ResumeTest, ARunThatContinuesAnotherMayHaveItsOwnSeedButNotItsOwnModel) {
  ASSERT_EQ(train("first", {"--stop-at-step", "4"}).exit_code, 0);
  const std::string start = "start_from=" + (directory_.path() / "first").string();
  const CommandResult seeded = train("seeded", {"--set", start, "--set", "run.seed=18"});
  EXPECT_EQ(seeded.exit_code, 0) << seeded.err;
  const CommandResult other = train("other", {"--set", start, "--set", "model.attention_heads=1"});
  EXPECT_EQ(other.exit_code, static_cast<int>(ErrorCode::kConfig));
  EXPECT_NE(other.err.find("model.attention_heads: expected 2 as in "), std::string::npos)
      << other.err;
}

TEST_F(ResumeTest, PhasesThatEndBeforeTheCheckpointAreRefused) {
  ASSERT_EQ(train("whole").exit_code, 0);
  const CommandResult result = train("whole", {"--set", "phases.2.tokens=1k"});
  EXPECT_EQ(result.exit_code, static_cast<int>(ErrorCode::kConfig));
  EXPECT_NE(result.err.find("phases: they end at step "), std::string::npos) << result.err;
}

}  // namespace
}  // namespace rexbert
