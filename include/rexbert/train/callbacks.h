#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/batch/masking.h"
#include "rexbert/ckpt/checkpoint.h"
#include "rexbert/ckpt/store.h"
#include "rexbert/eval/mlm.h"
#include "rexbert/train/checkpoint_mirror.h"
#include "rexbert/train/metrics.h"
#include "rexbert/train/options.h"
#include "rexbert/train/trainer.h"

namespace rexbert::train {

// True when the step carried the token count over a multiple of `every`; never for 0.
bool crosses(const plan::StepSpec& spec, int64_t every);

// Logs every so many steps: a line on the console, one in metrics.jsonl, and a live progress bar on
// a terminal. Of several ranks, the first one's line speaks for all; a slow rank is named.
class LoggingCallback final : public Callback {
 public:
  // `product_ceiling`: what this rank's device does at most, in FLOP/s (ops/ceiling.h); of rank 0,
  // the others write nothing.
  LoggingCallback(const LoggingOptions& options, MetricsLog& metrics, double product_ceiling)
      : options_(options), metrics_(metrics), product_ceiling_(product_ceiling) {}
  void run_started(Trainer& trainer) override;
  void step_done(Trainer& trainer, const StepResult& result) override;
  void run_stopped(Trainer& trainer, const StepResult& result) override;

 private:
  void write_line(Trainer& trainer, const StepResult& result);
  void recommend_on_waits(double waited);
  Json compare_ranks(Trainer& trainer) const;

  LoggingOptions options_;
  MetricsLog& metrics_;
  double product_ceiling_;
  // Since the last line.
  int64_t tokens_ = 0, steps_ = 0;
  double seconds_ = 0, wait_seconds_ = 0, exposed_seconds_ = 0, flops_ = 0;
  std::vector<int64_t> stream_rows_;
  double smoothed_rate_ = 0;  // tokens a second, for the time left
  double first_wait_seconds_ =
      0;  // of the run's first step, whose data nobody could look ahead for
  bool told_of_waits_ = false;
};

// Measures masked-token loss and recovery on held-out streams, which the ranks share.
class EvaluationCallback final : public Callback {
 public:
  struct Stream {
    std::string name;
    shard::TokenStream tokens;
    int32_t lookahead = 1;  // shards
  };
  // `masker` is made with eval::kEvaluationSeed.
  EvaluationCallback(nn::MaskedLanguageModel& model, std::vector<Stream> streams,
                     batch::Masker masker, const EvaluationOptions& options, int64_t micro_tokens,
                     MetricsLog& metrics);
  void run_started(Trainer& trainer) override;
  void step_done(Trainer& trainer, const StepResult& result) override;

 private:
  void evaluate(Trainer& trainer, const plan::StepSpec& spec, int64_t steps_done,
                int64_t tokens_done);

  nn::MaskedLanguageModel& model_;
  std::vector<Stream> streams_;
  batch::Masker masker_;
  EvaluationOptions options_;
  int64_t micro_tokens_;
  MetricsLog& metrics_;
};

// Compares the ranks: the layout of their gradient buckets at the start, and every so many steps
// their weights. Error(kPeer) on all ranks, naming parameter and rank. Does nothing for one rank.
class ConsistencyCallback final : public Callback {
 public:
  // `every` in steps; 0: weights are not compared. `layout_before`: that of the checkpoint which
  // the run goes on from; another one now is a warning.
  ConsistencyCallback(const torch::nn::Module& model, int64_t every, std::string layout_before = "")
      : model_(model), every_(every), layout_before_(std::move(layout_before)) {}
  void run_started(Trainer& trainer) override;
  void step_done(Trainer& trainer, const StepResult& result) override;

 private:
  const torch::nn::Module& model_;
  int64_t every_;
  std::string layout_before_;
};

// The loader's state over all ranks after the last step. Collective.
batch::LoaderState whole_loader_state(Trainer& trainer);

// Makes checkpoints at their times, at phase ends, at the run's end and when it stops. Training
// waits for the snapshot; the checkpoint is written and published on a thread of its own, one at a
// time. What goes wrong there is thrown at the next step, or when the run stops. Rank 0 does all of
// it; the others give what only they know.
class CheckpointCallback final : public Callback {
 public:
  // Fills the snapshot with what the checkpoint after this step holds; `loader` is the state over
  // all ranks. On the trainer's thread.
  using TakeSnapshot =
      std::function<void(const StepResult&, const batch::LoaderState& loader, ckpt::Snapshot&)>;
  CheckpointCallback(ckpt::CheckpointStore store, const CheckpointOptions& options,
                     ckpt::Platform platform, MetricsLog& metrics, TakeSnapshot take_snapshot);
  // Lets the checkpoint that is being written become whole, also where an exception ends the run.
  ~CheckpointCallback() override;
  void step_done(Trainer& trainer, const StepResult& result) override;
  void run_stopped(Trainer& trainer, const StepResult& result) override;
  // Makes the checkpoint after this step, if it is not made yet, and waits until it is whole; from
  // a callback's step_done(). Collective.
  void complete(Trainer& trainer, const StepResult& result);

 private:
  // A checkpoint on its way to the disk.
  struct Writing {
    int64_t step = 0;
    int64_t tokens = 0;
    double snapshot_seconds = 0;
    std::future<double> seconds;  // that writing took; its thread reads snapshot_ until then

    bool is_done() const;
  };

  void save(Trainer& trainer, const StepResult& result);
  // Waits for the checkpoint that is being written, if there is one, and says what it cost. Throws
  // what its writing threw.
  void finish_writing();
  // On the writer's thread. Returns the seconds that it took.
  double publish(const plan::Plan& plan, int64_t step);
  bool stays(const plan::Plan& plan, int64_t step) const;

  ckpt::CheckpointStore store_;
  std::unique_ptr<CheckpointMirror> mirror_;  // made with the first checkpoint, where there is one
  CheckpointOptions options_;
  ckpt::Platform platform_;
  MetricsLog& metrics_;
  TakeSnapshot take_snapshot_;
  ckpt::Snapshot snapshot_;
  std::optional<Writing> writing_;
  int64_t last_saved_ = -1;
  std::chrono::steady_clock::time_point last_line_;  // until when run time is accounted for
};

}  // namespace rexbert::train
