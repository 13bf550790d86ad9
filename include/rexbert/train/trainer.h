#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/batch/step_source.h"
#include "rexbert/dist/process_group.h"
#include "rexbert/optim/stable_adamw.h"
#include "rexbert/plan/plan.h"
#include "rexbert/train/objective.h"

namespace rexbert::train {

// What one step did.
struct StepResult {
  plan::StepSpec spec;
  double loss = 0;           // mean over the global batch's masked tokens, nats
  double gradient_norm = 0;  // Euclidean, before the update
  int64_t masked_tokens = 0;
  std::vector<int64_t> stream_rows;  // rows of each stream in this rank's share
  double flops = 0;                  // of this rank's share, as the objective counts; 0: not known
  double seconds = 0;
  double data_wait_seconds = 0;  // of these, waiting for the loader
  // Of these, after this rank's own gradients were there, until all ranks' were summed.
  double exposed_seconds = 0;
  bool phase_ended = false;
  bool run_ended = false;

  int64_t steps_done() const { return spec.step + 1; }
  int64_t tokens_done() const { return spec.tokens_before + spec.tokens(); }
  int64_t rows_done() const { return spec.first_row + spec.rows; }
};

class Trainer;

// Watches a training run; called in the order of registration, on the trainer's thread.
class Callback {
 public:
  virtual ~Callback() = default;
  virtual void run_started(Trainer&) {}
  virtual void step_done(Trainer&, const StepResult&) {}
  // After the last step, or after the step at which the run was asked to stop.
  virtual void run_stopped(Trainer&, const StepResult&) {}
};

// Everything a Trainer works with; all of it outlives the trainer.
struct TrainerParts {
  const plan::Plan& plan;
  batch::StepSource& loader;
  Objective& objective;
  optim::StableAdamW& optimizer;
  std::vector<torch::Tensor> parameters;
  dist::ProcessGroup& group;
  dist::ReducerOptions reducer;
  std::vector<std::string> stream_names;
  // Where the samples of a step with a non-finite loss are written; empty: nowhere.
  fs::path forensics_directory;
};

// How a run ended: at its plan's end, because a callback wanted it to, or because stop_requested()
// was true on some rank or a callback called interrupt().
enum class RunEnd { kFinished, kStopped, kInterrupted };

class Trainer {
 public:
  Trainer(TrainerParts parts, std::vector<std::unique_ptr<Callback>> callbacks, int64_t first_step);

  // Trains until the plan's end or until stop_requested() is true on any rank after a step; all
  // ranks then stop after that step. A loader that ends a wait for data with Error(kInterrupted)
  // stops the run too, after the last whole step: only one of a single rank may. Throws
  // Error(kNumeric) naming step, streams and samples when a loss or the gradient is not finite on
  // any rank; the weights are then those of the step before.
  RunEnd run(const std::function<bool()>& stop_requested);

  const plan::Plan& plan() const { return parts_.plan; }
  const batch::StepSource& loader() const { return parts_.loader; }
  optim::StableAdamW& optimizer() { return parts_.optimizer; }
  const std::vector<std::string>& stream_names() const { return parts_.stream_names; }
  dist::ProcessGroup& group() { return parts_.group; }
  const dist::GradientReducer& reducer() const { return *reducer_; }
  // From any callback of any rank: stop after this step.
  void request_stop() { stop_ = true; }
  // From a callback, on all ranks alike: stop before the next step. The run then counts as
  // interrupted even behind its last step: something besides steps is left to do.
  void interrupt() { interrupted_ = true; }
  int64_t first_step() const { return first_step_; }

 private:
  // This rank's share of a step.
  struct Share {
    std::vector<torch::Tensor> losses;  // of the micro-batches, each a sum
    double terms = 0;                   // in them
    double flops = 0;                   // of them
    double loss = 0;                    // the sum of them
    int non_finite_micro_batch = -1;
    double non_finite_loss = 0;
  };

  std::optional<batch::LoadedStep> next_step();
  void settle_reducer(batch::LoadedStep& first);
  StepResult train_step(batch::LoadedStep& loaded);
  Share accumulate_gradients(batch::LoadedStep& loaded);
  double read_numbers(Share& share);
  void scale_gradients(double factor);
  [[noreturn]] void fail_non_finite(const batch::LoadedStep& loaded, const Share& share);
  [[noreturn]] void fail_non_finite(const batch::LoadedStep& loaded, int micro_batch,
                                    const std::string& what) const;

  TrainerParts parts_;
  std::unique_ptr<dist::GradientReducer> reducer_;
  std::vector<std::unique_ptr<Callback>> callbacks_;
  int64_t first_step_;
  bool stop_ = false;
  bool interrupted_ = false;
};

}  // namespace rexbert::train
