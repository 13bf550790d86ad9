#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "rexbert/core/env.h"
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

  // Without what depends on the clock.
  std::string measured(const std::string& name) {
    std::string out;
    for (const std::string& line :
         str_split(env_.read_file(directory_.path() / name / "metrics.jsonl"), '\n')) {
      if (line.empty()) continue;
      Json json = Json::parse(line);
      for (const char* key : {"tokens_per_second", "data_wait", "stream_rows"}) json.erase(key);
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

}  // namespace
}  // namespace rexbert
