#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "rexbert/ckpt/store.h"
#include "rexbert/core/json.h"
#include "rexbert/train/run.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "support/world.h"
#include "train/checkpoint_envs.h"

namespace rexbert::train {
namespace {

using ::testing::HasSubstr;

// Whole runs in this process, through an Env that holds or fails the writer of a checkpoint. There
// is a checkpoint at the end of each phase.
class CheckpointedRunTest : public ::testing::Test {
 protected:
  LoadedConfig config(const std::string& name) const {
    return load_run_config(env_, test::World::instance().config(),
                           {"run.directory=" + (directory_ / name).string(), "checkpoint.every=0"});
  }

  void train(Env& env, const std::string& name, const RunRequest& request = {}) const {
    const LoadedConfig loaded = config(name);
    run_training(env, loaded, request);
  }

  ckpt::CheckpointStore store(const std::string& name) const {
    return {env_, directory_ / name / "checkpoints"};
  }

  // Without what names the run's own folder, and the hash of that.
  std::map<std::string, std::string> contents(const fs::path& checkpoint) const {
    std::map<std::string, std::string> files;
    for (const std::string& name : env_.list_directory(checkpoint)) {
      files[name] = env_.read_file(checkpoint / name);
    }
    Json state = Json::parse(files.at("trainer_state.json"));
    state["config"].erase("run.directory");
    files["trainer_state.json"] = state.dump();
    files.erase(std::string(ckpt::kManifestFile));
    return files;
  }

  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
  plan::Plan plan_ = plan_of(env_, config("plan").config);
};

TEST_F(CheckpointedRunTest, TrainingOnLeavesTheCheckpointOfARunThatStoppedThere) {
  const int64_t step = plan_.spans()[0].end_step;
  HoldingEnv env(env_, step);
  int64_t done = 0;
  RunRequest stop_later;
  stop_later.stop_requested = [&] {
    ++done;
    if (done == step + 2) env.release();
    return done == step + 2;
  };
  train(env, "went_on", stop_later);
  RunRequest stop_there;
  stop_there.stop_at_step = step;
  train(env_, "stopped", stop_there);
  EXPECT_EQ(contents(store("went_on").folder(step)), contents(store("stopped").folder(step)));
}

TEST_F(CheckpointedRunTest, AFailedCheckpointEndsTheRunAndAResumeTakesTheOneBefore) {
  const int64_t before = plan_.spans()[0].end_step;
  const int64_t failing = plan_.spans()[1].end_step;
  FailingEnv env(env_, failing, "optimizer.safetensors", 2);
  EXPECT_THAT(test::error_of([&] { train(env, "failed"); }),
              HasSubstr(str_cat("I/O error: checkpoint of step ", failing, ": ")));
  EXPECT_EQ(store("failed").newest_valid()->step, before);

  train(env_, "failed");
  train(env_, "whole");
  EXPECT_THAT(env_.read_file(directory_ / "failed" / "log.txt"),
              HasSubstr(str_cat("resuming at step ", before, " from ")));
  EXPECT_EQ(contents(store("failed").folder(plan_.end_step())),
            contents(store("whole").folder(plan_.end_step())));
}

}  // namespace
}  // namespace rexbert::train
