#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/nn/config.h"
#include "rexbert/train/metrics.h"
#include "rexbert/train/options.h"
#include "rexbert/train/trainer.h"

namespace rexbert::train {

// An evaluation suite to run on a model of the training run.
struct SuiteJob {
  fs::path suite;   // its config
  fs::path model;   // a model folder with its tokenizer
  fs::path output;  // where the report goes
  std::string device;
  nn::Precision precision = nn::Precision::kF32;
  // Asked often; when true, score_suite() ends soon, by Error(kInterrupted), and another call goes
  // on from there.
  std::function<bool()> stop_requested;
};

// Runs it; returns what the metrics are to say: the mean of each measure by task. It stands above
// this module: tasks::score_for_training.
using ScoreSuite = std::function<Json(const SuiteJob&)>;

// Runs an evaluation suite on the model of the moment at its times and writes its scores into
// metrics.jsonl, or what went wrong: a suite that fails costs no training. Rank 0 does all of it,
// the others wait. A suite that a stop or a kill has cut short is ended when the run goes on, from
// the step that it belongs to.
//
// It stands before the callback that makes checkpoints: a checkpoint that is whole must find the
// suite of its step begun.
class SuiteCallback final : public Callback {
 public:
  struct Parts {
    Env& env;
    MetricsLog& metrics;
    EvaluationOptions options;
    fs::path directory;  // of all reports: each has a folder that says when
    std::string device;
    nn::Precision precision;
    // Writes the model that training has come to into a folder that is not there yet.
    std::function<void(const StepResult&, const fs::path&)> save_model;
    // Returns when the checkpoint after this step is whole. Collective.
    std::function<void(Trainer&, const StepResult&)> make_checkpoint;
    ScoreSuite score;
    std::function<bool()> stop_requested;
  };
  // Whether a suite under `directory` has been begun and not ended.
  static bool has_pending(Env& env, const fs::path& directory);

  explicit SuiteCallback(Parts parts) : parts_(std::move(parts)) {}
  void run_started(Trainer& trainer) override;
  void step_done(Trainer& trainer, const StepResult& result) override;

 private:
  void remove_unmarked() const;
  bool begin(const StepResult& result) const;
  void end_pending(Trainer& trainer, int64_t newest_step);
  bool end_all(int64_t newest_step, const std::function<bool()>& stop_requested) const;
  bool score(const Json& mark, const std::function<bool()>& stop_requested) const;
  void write(int64_t step, const Json& fields) const;
  void forget(const fs::path& output) const;
  fs::path folder(int64_t step) const;

  Parts parts_;
};

}  // namespace rexbert::train
