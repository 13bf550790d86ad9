#include "rexbert/plan/plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::plan {
namespace {

int64_t divide_up(int64_t numerator, int64_t denominator) {
  return numerator / denominator + (numerator % denominator != 0 ? 1 : 0);
}

// Tokens of the phase from which on the batch has grown by `growth` rows: the smallest t with
// (rows - from) t / tokens >= growth.
int64_t tokens_until(int64_t growth, const BatchOptions& batch) {
  const __int128 span = batch.rows - batch.warmup->from;
  const __int128 product = static_cast<__int128>(growth) * batch.warmup->tokens;
  return static_cast<int64_t>((product + span - 1) / span);
}

std::vector<double> normalized(const std::map<std::string, double>& weights,
                               const std::vector<std::string>& streams) {
  double sum = 0;
  for (const auto& [stream, weight] : weights) sum += weight;
  std::vector<double> shares;
  for (const std::string& stream : streams) {
    const auto found = weights.find(stream);
    shares.push_back(found == weights.end() ? 0 : found->second / sum);
  }
  return shares;
}

}  // namespace

Plan::Plan(PlanOptions options) : options_(std::move(options)) {
  std::vector<std::string> lines;
  for (const auto& [path, what] : find_problems(options_)) lines.push_back(path + ": " + what);
  if (!lines.empty()) throw Error(ErrorCode::kConfig, str_join(lines, "\n"));

  const double before = options_.start.peak_learning_rate;
  peak_learning_rate_ = before > 0 ? before : options_.phases.front().learning_rate.highest();
  for (size_t phase = 0; phase < options_.phases.size(); ++phase) {
    const MixtureOptions& mixture = options_.phases[phase].mixture;
    mixture_from_.push_back(normalized(mixture.from, options_.streams));
    mixture_to_.push_back(mixture.to ? normalized(*mixture.to, options_.streams)
                                     : mixture_from_.back());
    add_phase(static_cast<int>(phase));
  }
}

void Plan::add_phase(int phase) {
  const PhaseOptions& options = options_.phases[static_cast<size_t>(phase)];
  const PlanStart start = end();
  PhaseSpan span{.first_step = start.first_step,
                 .end_step = start.first_step,
                 .first_row = start.first_row,
                 .end_row = start.first_row,
                 .first_tokens = start.first_tokens,
                 .end_tokens = start.first_tokens};
  const BatchOptions& batch = options.batch;
  for (int64_t rows = batch.warmup ? batch.warmup->from : batch.rows; rows <= batch.rows;) {
    const bool full = rows == batch.rows;
    const int64_t next = std::min(batch.rows, rows + options_.lanes);
    const int64_t until =
        full ? options.tokens
             : std::min(options.tokens, tokens_until(next - batch.warmup->from, batch));
    if (until > span.tokens()) {
      const int64_t step_tokens = rows * options.context_length;
      const int64_t steps = divide_up(until - span.tokens(), step_tokens);
      segments_.push_back({phase, span.end_step, span.end_row, span.end_tokens, rows});
      span.end_step += steps;
      span.end_row += steps * rows;
      span.end_tokens += steps * step_tokens;
    }
    if (full) break;
    rows = next;
  }
  spans_.push_back(span);
}

PlanStart Plan::end() const {
  if (spans_.empty()) return options_.start;
  const PhaseSpan& last = spans_.back();
  return {last.end_step, last.end_row, last.end_tokens, peak_learning_rate_};
}

StepSpec Plan::at(int64_t step) const {
  if (step < first_step() || step >= end_step()) {
    throw Error(ErrorCode::kUsage, str_cat("plan: expected a step from ", first_step(), " to ",
                                           end_step() - 1, ", got ", step));
  }
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), step,
                       [](int64_t value, const Segment& it) { return value < it.first_step; });
  const Segment& segment = *std::prev(after);
  const PhaseOptions& phase = options_.phases[static_cast<size_t>(segment.phase)];
  const int64_t steps_before = step - segment.first_step;

  StepSpec spec;
  spec.step = step;
  spec.phase = segment.phase;
  spec.rows = segment.rows;
  spec.context_length = phase.context_length;
  spec.first_row = segment.first_row + steps_before * segment.rows;
  spec.tokens_before = segment.first_tokens + steps_before * spec.tokens();
  spec.phase_tokens_before =
      spec.tokens_before - spans_[static_cast<size_t>(segment.phase)].first_tokens;
  spec.learning_rate = learning_rate_at(segment.phase, spec.phase_tokens_before, spec.tokens());
  spec.weight_decay = phase.weight_decay.value_or(options_.weight_decay);
  spec.rope = phase.rope_theta;
  spec.masking = phase.masking;
  spec.mixture = mixture_at(segment.phase, spec.phase_tokens_before);
  return spec;
}

double Plan::learning_rate_at(int phase, int64_t phase_tokens_before, int64_t step_tokens) const {
  const PhaseOptions& options = options_.phases[static_cast<size_t>(phase)];
  const LearningRateOptions& rate = options.learning_rate;
  const auto warmup = static_cast<double>(rate.warmup);
  if (phase_tokens_before < rate.warmup) {
    const auto after = static_cast<double>(phase_tokens_before + step_tokens);
    return rate.start() * std::min(1.0, after / warmup);
  }
  const double x = (static_cast<double>(phase_tokens_before) - warmup) /
                   (static_cast<double>(options.tokens) - warmup);
  switch (rate.schedule) {
    case LearningRateSchedule::kConstant:
    case LearningRateSchedule::kWarmupStable:
      return rate.peak;
    case LearningRateSchedule::kOneMinusSqrt:
      return rate.from * (1 - (1 - rate.to / rate.from) * std::sqrt(x));
    case LearningRateSchedule::kCosine:
      return rate.to + (rate.from - rate.to) * (1 + std::cos(std::numbers::pi * x)) / 2;
    case LearningRateSchedule::kLinear:
      return rate.from + (rate.to - rate.from) * x;
  }
  throw Error(ErrorCode::kInternal, "plan: unknown learning-rate schedule");
}

std::vector<double> Plan::mixture_at(int phase, int64_t phase_tokens_before) const {
  const auto index = static_cast<size_t>(phase);
  const double x =
      static_cast<double>(phase_tokens_before) / static_cast<double>(options_.phases[index].tokens);
  std::vector<double> mixture = mixture_from_[index];
  for (size_t i = 0; i < mixture.size(); ++i) {
    mixture[i] += (mixture_to_[index][i] - mixture_from_[index][i]) * x;
  }
  return mixture;
}

}  // namespace rexbert::plan
