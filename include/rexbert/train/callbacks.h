#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rexbert/batch/masking.h"
#include "rexbert/ckpt/checkpoint.h"
#include "rexbert/ckpt/store.h"
#include "rexbert/eval/mlm.h"
#include "rexbert/train/metrics.h"
#include "rexbert/train/options.h"
#include "rexbert/train/trainer.h"

namespace rexbert::train {

// True when the step carried the token count over a multiple of `every`; never for 0.
bool crosses(const plan::StepSpec& spec, int64_t every);

// Logs every so many steps: a line on the console, one in metrics.jsonl, and a live progress bar on
// a terminal.
class LoggingCallback final : public Callback {
 public:
  LoggingCallback(const LoggingOptions& options, MetricsLog& metrics)
      : options_(options), metrics_(metrics) {}
  void run_started(Trainer& trainer) override;
  void step_done(Trainer& trainer, const StepResult& result) override;
  void run_stopped(Trainer& trainer, const StepResult& result) override;

 private:
  void write_line(const Trainer& trainer, const StepResult& result, double rate, double wait);

  LoggingOptions options_;
  MetricsLog& metrics_;
  // Since the last line.
  int64_t tokens_ = 0;
  double seconds_ = 0, wait_seconds_ = 0;
  std::vector<int64_t> stream_rows_;
  double smoothed_rate_ = 0;  // tokens a second, for the time left
};

// Measures masked-token loss and recovery on held-out streams.
class EvaluationCallback final : public Callback {
 public:
  struct Stream {
    std::string name;
    shard::TokenStream tokens;
  };
  // `masker` is made with eval::kEvaluationSeed.
  EvaluationCallback(nn::MaskedLanguageModel& model, std::vector<Stream> streams,
                     batch::Masker masker, const EvaluationOptions& options, int64_t micro_tokens,
                     MetricsLog& metrics);
  void run_started(Trainer& trainer) override;
  void step_done(Trainer& trainer, const StepResult& result) override;

 private:
  void evaluate(const plan::Plan& plan, const plan::StepSpec& spec, int64_t steps_done,
                int64_t tokens_done);

  nn::MaskedLanguageModel& model_;
  std::vector<Stream> streams_;
  batch::Masker masker_;
  EvaluationOptions options_;
  int64_t micro_tokens_;
  MetricsLog& metrics_;
};

// Writes checkpoints at their times, at phase ends, at the run's end and when it stops.
class CheckpointCallback final : public Callback {
 public:
  using Write = std::function<void(Env&, const fs::path& folder, const StepResult&)>;
  CheckpointCallback(ckpt::CheckpointStore store, const CheckpointOptions& options,
                     ckpt::Platform platform, Write write);
  void step_done(Trainer& trainer, const StepResult& result) override;
  void run_stopped(Trainer& trainer, const StepResult& result) override;

 private:
  void save(const Trainer& trainer, const StepResult& result);
  bool stays(const Trainer& trainer, int64_t step) const;

  ckpt::CheckpointStore store_;
  CheckpointOptions options_;
  ckpt::Platform platform_;
  Write write_;
  int64_t last_saved_ = -1;
};

}  // namespace rexbert::train
