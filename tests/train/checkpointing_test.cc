#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "batch/made_stream.h"
#include "rexbert/batch/loader.h"
#include "rexbert/core/log.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/train/callbacks.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "train/checkpoint_envs.h"

namespace rexbert::train {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kRow = 64;

nn::EncoderConfig small_model() {
  nn::EncoderConfig config;
  config.vocabulary = 32;
  config.hidden = 8;
  config.intermediate = 12;
  config.layers = 2;
  config.heads = 2;
  return config;
}

// A row a step.
plan::Plan small_plan() {
  plan::PhaseOptions phase;
  phase.name = "only";
  phase.tokens = 100 * kRow;
  phase.context_length = kRow;
  phase.learning_rate.peak = 1e-3;
  phase.batch.rows = 1;
  phase.mixture.from = {{"general", 1.0}};
  return plan::Plan({.phases = {phase}, .streams = {"general"}});
}

// The callback with a trainer that does not train: the test says which steps are done and changes
// the weights itself. A checkpoint is due every second step.
class CheckpointingTest : public ::testing::Test {
 protected:
  CheckpointingTest() {
    nn::initialize(*model_, 1);
    log::open_log_file(directory_ / "log.txt");
  }

  void make_callback(Env& env) {
    callback_ = std::make_unique<CheckpointCallback>(
        ckpt::CheckpointStore(env, root_), CheckpointOptions{.every = 2 * kRow},
        ckpt::Platform::current("cpu"), metrics_,
        [this](const StepResult& result, const batch::LoaderState&, ckpt::Snapshot& snapshot) {
          if (before_snapshot_) before_snapshot_(result);
          snapshot.state.step = result.steps_done();
          snapshot.config.encoder = small_model();
          snapshot.copy_tensors(*model_, optimizer_);
        });
  }

  StepResult result_of(int64_t step) const {
    StepResult result;
    result.spec = plan_.at(step - 1);
    return result;
  }

  // Training changed the weights, and `step` steps are done.
  void step_done(int64_t step) {
    {
      const torch::NoGradGuard no_grad;
      for (auto& parameter : model_->parameters()) parameter.add_(torch::rand_like(parameter));
    }
    bias_of_step_[step] = bias(*model_);
    callback_->step_done(trainer_, result_of(step));
  }
  void stop(int64_t step) { callback_->run_stopped(trainer_, result_of(step)); }

  static torch::Tensor bias(const nn::MaskedLanguageModel& model) {
    return model.named_parameters()["decoder.bias"].detach().clone();
  }

  bool holds_its_step(int64_t step) const {
    const fs::path folder = store_.folder(step);
    return !ckpt::find_damage(env_, folder) &&
           ckpt::read_trainer_state(env_, folder).step == step &&
           torch::equal(bias(*hf::load_model(env_, folder).model), bias_of_step_.at(step));
  }

  std::string logged() const { return env_.read_file(directory_ / "log.txt"); }
  std::string latest() const { return env_.read_file(root_ / "latest"); }

  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
  fs::path root_ = directory_ / "checkpoints";
  ckpt::CheckpointStore store_{env_, root_};
  MetricsLog metrics_{env_, directory_.path(), 0, false};

  plan::Plan plan_ = small_plan();
  batch::ScratchFolder scratch_{"checkpointing"};
  batch::Loader loader_{
      {.streams = {batch::make_stream(scratch_, "general", {.lengths = {1000}}, 1)},
       .step_at = [this](int64_t step) { return plan_.at(step); },
       .end_step = plan_.end_step(),
       .options = {.lanes = 1, .prefetch_steps = 0}}};
  std::shared_ptr<nn::MaskedLanguageModel> model_ =
      std::make_shared<nn::MaskedLanguageModel>(small_model());
  optim::StableAdamW optimizer_{model_->named_parameters(), {.max_learning_rate = 1e-3}};
  MaskedLanguageModeling objective_{model_, 1};
  std::unique_ptr<dist::ProcessGroup> group_ = dist::single_process();
  Trainer trainer_{{.plan = plan_,
                    .loader = loader_,
                    .objective = objective_,
                    .optimizer = optimizer_,
                    .parameters = model_->parameters(),
                    .group = *group_,
                    .reducer = {},
                    .stream_names = {"general"},
                    .forensics_directory = {}},
                   {},
                   0};
  std::map<int64_t, torch::Tensor> bias_of_step_;
  std::function<void(const StepResult&)> before_snapshot_;
  std::unique_ptr<CheckpointCallback> callback_;
};

TEST_F(CheckpointingTest, TrainingGoesOnWhileACheckpointIsWritten) {
  HoldingEnv env(env_, 2);
  make_callback(env);
  step_done(2);
  step_done(3);
  EXPECT_FALSE(env_.exists(root_ / "latest"));
  env.release();
  stop(3);
  EXPECT_TRUE(holds_its_step(2)) << "it has the weights of the step at which it was taken";
  EXPECT_TRUE(holds_its_step(3));
  EXPECT_EQ(latest(), "step-000000003\n");
}

TEST_F(CheckpointingTest, TheNextCheckpointWaitsForTheOneBeingWritten) {
  HoldingEnv env(env_, 2);
  make_callback(env);
  before_snapshot_ = [&](const StepResult& result) {
    if (result.steps_done() == 4) {
      EXPECT_EQ(latest(), "step-000000002\n");
    }
  };
  step_done(2);
  std::thread release([&] {
    const std::string waiting = "waiting until the checkpoint of step 2 is written";
    while (logged().find(waiting) == std::string::npos) std::this_thread::yield();
    env.release();
  });
  step_done(4);
  release.join();
  stop(4);
  EXPECT_THAT(logged(), HasSubstr("checkpoint " + store_.folder(2).string() + ": snapshot "));
  EXPECT_TRUE(holds_its_step(2));
  EXPECT_TRUE(holds_its_step(4));
}

TEST_F(CheckpointingTest, AnExceptionLeavesTheCheckpointBeingWrittenWhole) {
  HoldingEnv env(env_, 2);
  make_callback(env);
  step_done(2);
  env.release();
  callback_.reset();
  EXPECT_TRUE(holds_its_step(2));
  EXPECT_EQ(latest(), "step-000000002\n");
}

TEST_F(CheckpointingTest, ItsCostIsALineOfTheMetrics) {
  make_callback(env_);
  for (int64_t step = 1; step <= 4; ++step) step_done(step);
  stop(4);
  std::vector<int64_t> steps;
  for (const std::string& text : str_split(env_.read_file(directory_ / "metrics.jsonl"), '\n')) {
    if (text.empty()) continue;
    const Json line = Json::parse(text);
    EXPECT_EQ(line["kind"], "checkpoint");
    EXPECT_EQ(line["tokens"], line["step"].get<int64_t>() * kRow);
    EXPECT_GT(line["write_seconds"], 0);
    const double waited =
        line["snapshot_seconds"].get<double>() + line["wait_seconds"].get<double>();
    EXPECT_EQ(line["waited"], waited / line["run_seconds"].get<double>());
    EXPECT_LE(line["waited"], 1);
    steps.push_back(line["step"]);
  }
  EXPECT_EQ(steps, (std::vector<int64_t>{2, 4}));
}

TEST_F(CheckpointingTest, OneThatIsAskedForIsWholeAtOnceAndNotMadeAgain) {
  make_callback(env_);
  for (const int64_t step : {1, 2}) {
    bias_of_step_[step] = bias(*model_);
    callback_->complete(trainer_, result_of(step));
    EXPECT_TRUE(holds_its_step(step));
  }
  before_snapshot_ = [](const StepResult&) { ADD_FAILURE() << "made again"; };
  callback_->step_done(trainer_, result_of(2));
  stop(2);
}

class FailingCheckpointTest : public CheckpointingTest {
 protected:
  // The checkpoint of step 2 is whole and that of step 4 fails.
  void fail_at_step_4(Env& env) {
    make_callback(env);
    step_done(2);
    step_done(4);
  }

  // The error that ends the run at a step after the fourth at which no checkpoint is due.
  std::string error_of_next_step() {
    return test::error_of([&] {
      while (true) step_done(5);
    });
  }

  std::string in_staging(const std::string& file) const {
    return (root_ / staging_name(4) / file).string();
  }

  void expect_that_step_2_is_taken() const {
    EXPECT_EQ(store_.newest_valid()->step, 2);
    EXPECT_EQ(latest(), "step-000000002\n");
    EXPECT_TRUE(holds_its_step(2));
  }
};

TEST_F(FailingCheckpointTest, AFullDiskEndsTheRunAtTheNextStep) {
  FailingEnv env(env_, 4, "model.safetensors", 4);  // the first tensor's bytes
  fail_at_step_4(env);
  EXPECT_EQ(error_of_next_step(),
            "I/O error: checkpoint of step 4: " + in_staging("model.safetensors") +
                ": cannot write: injected failure");
  expect_that_step_2_is_taken();
}

TEST_F(FailingCheckpointTest, AFailingSyncEndsTheRunAtTheNextStep) {
  FailingEnv env(env_, 4, "trainer_state.json", 3);
  fail_at_step_4(env);
  EXPECT_EQ(error_of_next_step(),
            "I/O error: checkpoint of step 4: " + in_staging("trainer_state.json") +
                ": cannot sync: injected failure");
  expect_that_step_2_is_taken();
}

TEST_F(FailingCheckpointTest, OtherBytesReadBackEndTheRunAtTheNextStep) {
  CorruptingEnv env(env_, 4, "optimizer.safetensors");
  fail_at_step_4(env);
  const std::string error = error_of_next_step();
  EXPECT_THAT(error, HasSubstr("corrupt data: checkpoint of step 4: "));
  EXPECT_THAT(error, HasSubstr("not what was written when read back: optimizer.safetensors: "));
  expect_that_step_2_is_taken();
}

TEST_F(FailingCheckpointTest, ItFailsAStepWithACheckpointOfItsOwnBeforeThatIsTaken) {
  FailingEnv env(env_, 4, "model.safetensors", 1);
  fail_at_step_4(env);
  EXPECT_THAT(test::error_of([&] { step_done(6); }), HasSubstr("checkpoint of step 4: "));
  expect_that_step_2_is_taken();
}

TEST_F(FailingCheckpointTest, ItFailsTheEndOfTheRun) {
  FailingEnv env(env_, 4, "model.safetensors", 1);
  fail_at_step_4(env);
  EXPECT_THAT(test::error_of([&] { stop(4); }), HasSubstr("checkpoint of step 4: "));
  expect_that_step_2_is_taken();
}

TEST_F(FailingCheckpointTest, ItIsLoggedWhereAnotherExceptionEndsTheRun) {
  FailingEnv env(env_, 4, "model.safetensors", 1);
  fail_at_step_4(env);
  callback_.reset();
  EXPECT_THAT(logged(),
              HasSubstr("[error] checkpoint of step 4: " + in_staging("model.safetensors")));
  expect_that_step_2_is_taken();
}

}  // namespace
}  // namespace rexbert::train
