#include "rexbert/plan/report.h"

#include <algorithm>
#include <functional>

#include "rexbert/core/strings.h"

namespace rexbert::plan {
namespace {

// The first step of a phase for which `holds` is true; it is false before and true from there on.
// The last step where it never is.
int64_t first_step_where(const Plan& plan, const PhaseSpan& span,
                         const std::function<bool(const StepSpec&)>& holds) {
  int64_t low = span.first_step;
  int64_t high = span.end_step - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (holds(plan.at(middle))) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

std::vector<Landmark> landmarks_of(const Plan& plan, size_t phase) {
  const PhaseOptions& options = plan.phases()[phase];
  const PhaseSpan& span = plan.spans()[phase];
  std::vector<std::pair<std::string, int64_t>> steps = {{"start", span.first_step}};
  if (const int64_t warmup = options.learning_rate.warmup; warmup > 0) {
    steps.emplace_back("end of warm-up", first_step_where(plan, span, [&](const StepSpec& step) {
                         return step.phase_tokens_before + step.tokens() >= warmup;
                       }));
  }
  steps.emplace_back("middle", first_step_where(plan, span, [&](const StepSpec& step) {
                       return step.phase_tokens_before >= options.tokens / 2;
                     }));
  steps.emplace_back("end", span.end_step - 1);
  std::stable_sort(steps.begin(), steps.end(),
                   [](const auto& a, const auto& b) { return a.second < b.second; });

  std::vector<Landmark> landmarks;
  for (const auto& [name, step] : steps) {
    landmarks.push_back({name, step, plan.at(step).learning_rate});
  }
  return landmarks;
}

// Within a segment steps have equal sizes and the mixture moves linearly, so its mean is that of
// the first and the last step.
std::vector<double> tokens_by_stream(const Plan& plan, size_t phase) {
  std::vector<double> tokens(plan.options().streams.size(), 0);
  const std::vector<Segment>& segments = plan.segments();
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].phase != static_cast<int>(phase)) continue;
    const int64_t end = i + 1 < segments.size() ? segments[i + 1].first_step : plan.end_step();
    const StepSpec first = plan.at(segments[i].first_step);
    const StepSpec last = plan.at(end - 1);
    const auto segment_tokens =
        static_cast<double>(last.tokens_before + last.tokens() - first.tokens_before);
    for (size_t stream = 0; stream < tokens.size(); ++stream) {
      tokens[stream] += (first.mixture[stream] + last.mixture[stream]) / 2 * segment_tokens;
    }
  }
  return tokens;
}

std::vector<std::string> inherited_keys(size_t phase, const config::Reader& origins) {
  std::vector<std::string> keys;
  for (const auto& field : config::schema_of<PhaseOptions>().fields()) {
    const std::string origin = origins.origin(str_cat("phases[", phase, "].", field->name));
    constexpr std::string_view kInherited = "inherited: ";
    if (!origin.starts_with(kInherited)) continue;
    keys.push_back(str_cat(field->name, " (from ", origin.substr(kInherited.size()), ")"));
  }
  return keys;
}

std::vector<BatchShare> shares_of(const PhaseReport& phase, const Ranks& ranks) {
  std::vector<int64_t> sizes = {phase.growth.front().rows};
  if (phase.growth.size() > 1) sizes.push_back(phase.growth.back().rows);
  std::vector<BatchShare> shares;
  for (const int64_t rows : sizes) {
    shares.push_back(
        share_batch(rows, phase.options.context_length, ranks.micro_tokens, ranks.count));
  }
  return shares;
}

StreamNeed need_of(const std::string& stream, double tokens,
                   const std::map<std::string, int64_t>& held) {
  const auto found = held.find(stream);
  return {stream, tokens,
          found == held.end() ? std::nullopt : std::optional<int64_t>(found->second)};
}

}  // namespace

std::optional<double> StreamNeed::epochs() const {
  if (!held || *held <= 0) return std::nullopt;
  return tokens / static_cast<double>(*held);
}

PlanReport make_report(const Plan& plan, const std::map<std::string, int64_t>& held,
                       const config::Reader* origins, const std::optional<Ranks>& ranks) {
  const std::vector<std::string>& streams = plan.options().streams;
  PlanReport report;
  report.start = plan.options().start;
  report.lanes = plan.options().lanes;
  if (ranks) {
    report.ranks = ranks->count;
    report.lanes_per_rank = lanes_per_rank(report.lanes, ranks->count);
  }
  std::vector<double> total(streams.size(), 0);
  for (size_t i = 0; i < plan.phases().size(); ++i) {
    PhaseReport phase;
    phase.options = plan.phases()[i];
    phase.span = plan.spans()[i];
    phase.weight_decay = plan.at(phase.span.first_step).weight_decay;
    phase.landmarks = landmarks_of(plan, i);
    for (const Segment& segment : plan.segments()) {
      if (segment.phase != static_cast<int>(i)) continue;
      phase.growth.push_back(
          {segment.first_step, segment.first_tokens - phase.span.first_tokens, segment.rows});
    }
    if (ranks) phase.shares = shares_of(phase, *ranks);
    const std::vector<double> tokens = tokens_by_stream(plan, i);
    for (size_t stream = 0; stream < streams.size(); ++stream) {
      total[stream] += tokens[stream];
      if (tokens[stream] > 0) phase.needs.push_back(need_of(streams[stream], tokens[stream], held));
    }
    if (origins != nullptr) phase.inherited = inherited_keys(i, *origins);
    report.phases.push_back(std::move(phase));
  }
  for (size_t stream = 0; stream < streams.size(); ++stream) {
    report.needs.push_back(need_of(streams[stream], total[stream], held));
  }
  return report;
}

}  // namespace rexbert::plan
