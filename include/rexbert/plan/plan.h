#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rexbert/plan/options.h"
#include "rexbert/plan/step_spec.h"

// plan: phases and schedules.
//
// A Plan turns the phases of a config into what every single step of the run is: learning rate,
// rows, context length, RoPE, masking and mixture. It is a pure function of the config and the
// step, so the whole run can be printed before it starts (report.h), and any step of it can be
// asked for again. Everything is scheduled by tokens, counted nominally as rows x context length.
namespace rexbert::plan {

// Where a run begins: zeros, or where the run named by `start_from` ended.
struct PlanStart {
  int64_t first_step = 0;
  int64_t first_row = 0;
  int64_t first_tokens = 0;
  double peak_learning_rate = 0;  // of the first phase of the whole chain; 0: this run is the first

  bool operator==(const PlanStart&) const = default;
};

struct PlanOptions {
  std::vector<PhaseOptions> phases = {};
  int64_t lanes = 1;                      // every batch is a multiple of it
  std::vector<std::string> streams = {};  // the run's stream order
  double weight_decay = 0;                // the optimizer's, where a phase has none of its own
  PlanStart start = {};
};

// One thing wrong with the phases; `path` is the key in the config: "phases[1].batch.rows".
struct PlanProblem {
  std::string path;
  std::string what;
};

// Everything that makes the phases unusable, in the order of the phases; empty where a Plan can be
// made.
std::vector<PlanProblem> find_problems(const PlanOptions& options);

// Steps, rows and tokens of one phase; the ends are excluded. Tokens run past the configured ones
// by less than one step.
struct PhaseSpan {
  int64_t first_step = 0, end_step = 0;
  int64_t first_row = 0, end_row = 0;
  int64_t first_tokens = 0, end_tokens = 0;

  int64_t steps() const { return end_step - first_step; }
  int64_t rows() const { return end_row - first_row; }
  int64_t tokens() const { return end_tokens - first_tokens; }
};

// A run of steps with one batch size.
struct Segment {
  int phase = 0;
  int64_t first_step = 0;
  int64_t first_row = 0;
  int64_t first_tokens = 0;
  int64_t rows = 0;  // of each step
};

class Plan {
 public:
  // Throws Error(kConfig) with all of find_problems().
  explicit Plan(PlanOptions options);

  // What step `step` is, first_step() <= step < end_step(); Error(kUsage) outside.
  // O(log segments), independent of what was asked before.
  StepSpec at(int64_t step) const;

  int64_t first_step() const { return options_.start.first_step; }
  int64_t end_step() const { return spans_.back().end_step; }
  // Where a run that continues this one begins.
  PlanStart end() const;

  // What the weight decay of StableAdamW is scaled by: the largest rate of the chain's first phase.
  double peak_learning_rate() const { return peak_learning_rate_; }

  // Learning rate of a step of `step_tokens` before which the phase had `phase_tokens_before`.
  double learning_rate_at(int phase, int64_t phase_tokens_before, int64_t step_tokens) const;
  // Share of each stream where `phase_tokens_before` tokens of the phase are done; sums to 1.
  std::vector<double> mixture_at(int phase, int64_t phase_tokens_before) const;

  const PlanOptions& options() const { return options_; }
  const std::vector<PhaseOptions>& phases() const { return options_.phases; }
  const std::vector<PhaseSpan>& spans() const { return spans_; }
  // In the order of steps; a batch warm-up gives one for each batch size that occurs.
  const std::vector<Segment>& segments() const { return segments_; }

 private:
  void add_phase(int phase);

  PlanOptions options_;
  double peak_learning_rate_ = 0;
  std::vector<PhaseSpan> spans_;
  std::vector<Segment> segments_;
  std::vector<std::vector<double>> mixture_from_, mixture_to_;  // normalised, a row a phase
};

// The stream that row `row` of the run (counted over the whole chain) is read from:
// the i with cumulative[i - 1] <= u < cumulative[i], u = frac(offset(seed) + row / golden ratio).
// Any N rows in a row take each stream within O(log N / N) of its share. The same on every rank.
int stream_of_row(const StepSpec& step, int64_t row, uint64_t seed);

}  // namespace rexbert::plan
