#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/ckpt/checkpoint.h"
#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/dist/launch.h"
#include "rexbert/plan/plan.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/train/run_config.h"
#include "rexbert/train/suite_callback.h"
#include "rexbert/train/trainer.h"

namespace rexbert::train {

struct RunRequest {
  // "auto": the newest whole checkpoint of the run directory, else the beginning. "none": the
  // beginning; refused when the directory holds a checkpoint. Anything else: that checkpoint
  // folder.
  std::string resume = "auto";
  // Stop after this step with a checkpoint, as a signal would; 0: at the plan's end.
  int64_t stop_at_step = 0;
  // Where this process stands among those of the run, beside what its launcher says.
  dist::LaunchFlags launch = {};
  // Asked after every step, on every rank; may be empty.
  std::function<bool()> stop_requested;
  // Needed where the config has evaluation.suite.
  ScoreSuite score_suite;
  // Called on rank 0 before anything is trained, where the config has evaluation.suite: throws what
  // is wrong with it or its files. May be empty.
  std::function<void()> check_suite;
  // Callbacks beside the run's own, before its checkpoints are made; called once, on every rank.
  // May be empty.
  std::function<std::vector<std::unique_ptr<Callback>>()> make_callbacks;
};

// Trains as the config says, from the beginning, from where the run stopped, or from where the run
// named by start_from ended; writes the resolved config, the log, metrics and checkpoints into the
// run directory. Every process of a run calls it: rank 0 alone reads and writes checkpoints and
// metrics. Errors are those of the parts: streams, tokenizer, checkpoints, numerics, lost ranks.
RunEnd run_training(Env& env, const LoadedConfig& loaded, const RunRequest& request);

// Fills in what a checkpoint after `step` of the plan says of the model and of training, as
// run_training() writes it: all of snapshot.config and snapshot.state but optimizer_steps and
// loader. `longest_before`: the longest rows that the model was trained on before this plan.
void describe_step(const plan::StepSpec& step, const plan::Plan& plan, const LoadedConfig& loaded,
                   const tokenizer::Tokenizer& tokenizer, ckpt::Snapshot& snapshot,
                   int64_t longest_before = 0);

// The plan of a config for printing it: `start` is taken from start_from where that exists.
plan::Plan plan_of(Env& env, const RunConfig& config);

}  // namespace rexbert::train
