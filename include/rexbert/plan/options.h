#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/config/schema.h"
#include "rexbert/plan/step_spec.h"

// What users write under `phases:`. Every amount that is not said to be rows is in tokens, counted
// nominally: rows x context_length.
//
// A key omitted in a phase carries over the state in which the phase before ended: its full number
// of rows without the warm-up, the learning rate that it reached as a constant, the mixture that it
// drifted to; other keys as they are. `name` and `tokens` belong to one phase. A block that is
// written replaces the inherited block as a whole.
namespace rexbert::plan {

enum class LearningRateSchedule { kConstant, kWarmupStable, kOneMinusSqrt, kCosine, kLinear };

// The learning rate over one phase, with t the tokens of the phase before the step, n those of the
// step, W the warm-up, T the phase's tokens and x = (t - W) / (T - W):
//   warm-up (t < W)   start x min(1, (t + n) / W), so that no step has the rate 0
//   constant, stable  peak
//   one_minus_sqrt    from x (1 - (1 - to / from) sqrt(x))   (Hägele et al. 2024, arXiv 2405.18392)
//   cosine            to + (from - to) (1 + cos(pi x)) / 2
//   linear            from + (to - from) x
// where start is `peak` or `from`.
struct LearningRateOptions {
  LearningRateSchedule schedule = LearningRateSchedule::kConstant;
  double peak = 0;     // constant, warmup_stable
  double from = 0;     // the decays
  double to = 0;       // the decays; the rate that would follow the phase's last token
  int64_t warmup = 0;  // tokens; all but constant

  // The rate after the warm-up: `peak` or `from`.
  double start() const;
  // The largest rate of the phase.
  double highest() const;
  bool decays() const;
};

// Growth of the batch: rows(t) = from + floor((rows - from) t / tokens) rounded down to the lanes,
// with t the tokens of the phase before the step.
struct BatchWarmupOptions {
  int64_t from = 0;    // rows
  int64_t tokens = 0;  // tokens until the full batch
};

struct BatchOptions {
  int64_t rows = 0;  // rows of context_length tokens in a global batch
  std::optional<BatchWarmupOptions> warmup;
};

// Weights of the streams: one set, or two between which the phase drifts linearly with its tokens.
// Weights need not sum to 1.
struct MixtureOptions {
  std::map<std::string, double> from;
  std::optional<std::map<std::string, double>> to;
};

struct PhaseOptions {
  std::string name;
  int64_t tokens = 0;
  int32_t context_length = 1024;
  RopeTheta rope_theta;
  LearningRateOptions learning_rate;
  BatchOptions batch;
  MaskingSpec masking;
  MixtureOptions mixture;
  std::optional<double> weight_decay;  // empty: the optimizer's
};

config::EnumNames<LearningRateSchedule> names_of(LearningRateSchedule);
config::EnumNames<MaskingPolicy> names_of(MaskingPolicy);

void describe(config::Schema<LearningRateOptions>& schema);
void describe(config::Schema<BatchWarmupOptions>& schema);
void describe(config::Schema<BatchOptions>& schema);
void describe(config::Schema<RopeTheta>& schema);
void describe(config::Schema<MaskingSpec>& schema);
void describe(config::Schema<PhaseOptions>& schema);

}  // namespace rexbert::plan

namespace rexbert::config {

// `{general: 1.0}` or `{from: {general: 0.9, ...}, to: {...}}`.
template <>
struct Codec<plan::MixtureOptions> {
  static void read(const Node& node, plan::MixtureOptions& out, Reader& reader,
                   const std::string& path, const Limits& limits);
  static Node write(const plan::MixtureOptions& value, const Limits& limits);
  static std::string type_name(const Limits& limits);
};

}  // namespace rexbert::config
