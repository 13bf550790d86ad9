#include "rexbert/curate/domain_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/line_features.h"

namespace rexbert::curate {
namespace {

constexpr size_t kReportedPoints = 200;

fs::path with_suffix(const fs::path& base, const char* suffix) { return base.string() + suffix; }

bool is_held_out(const LabelTask& task, const DomainModelOptions& options) {
  KeyedRng rng(options.seed, Purpose::kCurationHoldout, hash64(task.document.id),
               hash64(task.document.text));
  return rng.next_uniform() < options.held_out;
}

std::vector<LabelledLine> training_lines(const std::vector<const LabelTask*>& tasks) {
  std::vector<LabelledLine> labelled;
  for (const LabelTask* task : tasks) {
    const auto lines = split_lines(task->document.text);
    for (size_t i = 0; i < task->lines.size(); ++i) {
      if (task->labels[i] == Label::kFailed) continue;
      LabelledLine line{{}, task->labels[i] == Label::kEcommerce};
      append_line_features(lines[task->lines[i]], line.features);
      if (!line.features.empty()) labelled.push_back(std::move(line));
    }
  }
  return labelled;
}

void require_labels(const std::string& domain, const std::vector<LabelledLine>& lines,
                    int64_t wanted) {
  std::array<int64_t, 2> counts{};
  for (const LabelledLine& line : lines) ++counts[line.ecommerce ? 1 : 0];
  if (std::min(counts[0], counts[1]) >= wanted) return;
  const auto missing = [&](int64_t count) { return std::max<int64_t>(0, wanted - count); };
  throw Error(ErrorCode::kUsage,
              str_cat("domain ", domain, ": expected at least ", wanted,
                      " labelled lines of each kind to train on, got ", counts[1],
                      " of e-commerce (", missing(counts[1]), " missing) and ", counts[0],
                      " others (", missing(counts[0]), " missing); label more documents"));
}

Json curve_report(const std::vector<CurvePoint>& curve) {
  Json points = Json::array();
  const size_t every = curve.size() / kReportedPoints + 1;
  for (size_t i = 0; i < curve.size(); i += every) {
    points.push_back({curve[i].threshold, curve[i].precision, curve[i].recall});
  }
  return points;
}

double f1(const CurvePoint& point) {
  const double sum = point.precision + point.recall;
  return sum > 0 ? 2 * point.precision * point.recall / sum : 0;
}

}  // namespace

std::vector<CurvePoint> precision_recall_curve(const std::vector<double>& scores,
                                               const std::vector<bool>& is_true) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  const auto all = static_cast<double>(std::count(is_true.begin(), is_true.end(), true));
  std::vector<CurvePoint> curve;
  double found = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    found += is_true[order[i]] ? 1 : 0;
    if (i + 1 < order.size() && scores[order[i + 1]] == scores[order[i]]) continue;
    curve.push_back(
        {scores[order[i]], found / static_cast<double>(i + 1), all > 0 ? found / all : 0});
  }
  return curve;
}

CurvePoint choose_point(const std::vector<CurvePoint>& curve, double precision) {
  CurvePoint best;
  for (size_t i = 0; i < curve.size(); ++i) {
    if (curve[i].precision < precision || f1(curve[i]) <= f1(best)) continue;
    best = curve[i];
    best.threshold = (best.threshold + (i + 1 < curve.size() ? curve[i + 1].threshold : 0)) / 2;
  }
  if (best.recall > 0) return best;
  CurvePoint most;
  for (const CurvePoint& point : curve) {
    if (point.precision > most.precision) most = point;
  }
  throw Error(ErrorCode::kNumeric,
              str_printf("expected a threshold whose held-out lines have a precision of at least "
                         "%.3f, the best has %.3f at a recall of %.3f",
                         precision, most.precision, most.recall));
}

DomainModel DomainModel::train(Env& env, const std::string& domain,
                               const std::vector<LabelTask>& tasks,
                               const std::vector<const LabelTask*>& others,
                               const DomainModelOptions& options, const fs::path& scratch) {
  std::vector<const LabelTask*> learnt;
  std::vector<const LabelTask*> held_out;
  for (const LabelTask& task : tasks) {
    (is_held_out(task, options) ? held_out : learnt).push_back(&task);
  }
  const auto own_lines = training_lines(learnt);
  require_labels(domain, own_lines, options.min_labels);
  auto lines = training_lines(others);
  lines.insert(lines.end(), own_lines.begin(), own_lines.end());
  DomainModel model(LineClassifier::train(env, lines, options.classifier, scratch), options.stay);
  model.report_ = {{"domain", domain},
                   {"documents", learnt.size()},
                   {"lines", own_lines.size()},
                   {"lines_of_other_domains", lines.size() - own_lines.size()},
                   {"held_out_documents", held_out.size()}};
  model.calibrate(held_out);
  with_context(str_cat("domain ", domain),
               [&] { model.choose_threshold(held_out, options.precision); });
  return model;
}

std::vector<double> DomainModel::log_odds(const std::vector<std::string_view>& lines) const {
  thread_local std::string words;
  std::vector<double> odds;
  odds.reserve(lines.size());
  for (const std::string_view line : lines) {
    words.clear();
    append_line_features(line, words);
    odds.push_back(words.empty() ? 0 : classifier_.log_odds(words));
  }
  return odds;
}

std::vector<double> DomainModel::probabilities(const std::vector<std::string_view>& lines) const {
  std::vector<double> odds = log_odds(lines);
  for (double& value : odds) value *= trust_;
  return smooth_lines(odds, stay_);
}

// A classifier is surer of itself than it is right on lines it has not seen: one factor on its
// log-odds makes the held-out labels most likely (temperature scaling, Guo et al. 2017).
void DomainModel::calibrate(const std::vector<const LabelTask*>& held_out) {
  std::vector<std::pair<double, bool>> lines;
  for (const LabelTask* task : held_out) {
    const auto odds = log_odds(split_lines(task->document.text));
    for (size_t i = 0; i < task->lines.size(); ++i) {
      if (task->labels[i] == Label::kFailed) continue;
      lines.emplace_back(odds[task->lines[i]], task->labels[i] == Label::kEcommerce);
    }
  }
  constexpr std::array<double, 9> kFactors = {1, 0.8, 0.65, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15};
  double least = INFINITY;
  for (const double factor : kFactors) {
    double loss = 0;
    for (const auto& [odds, ecommerce] : lines) {
      loss += std::log1p(std::exp(ecommerce ? -factor * odds : factor * odds));
    }
    if (loss >= least) continue;
    least = loss;
    trust_ = factor;
  }
  report_["trust"] = trust_;
}

void DomainModel::choose_threshold(const std::vector<const LabelTask*>& held_out,
                                   double precision) {
  std::vector<double> scores;
  std::vector<bool> is_true;
  for (const LabelTask* task : held_out) {
    const auto probability = probabilities(split_lines(task->document.text));
    for (size_t i = 0; i < task->lines.size(); ++i) {
      if (task->labels[i] == Label::kFailed) continue;
      scores.push_back(probability[task->lines[i]]);
      is_true.push_back(task->labels[i] == Label::kEcommerce);
    }
  }
  const auto curve = precision_recall_curve(scores, is_true);
  const CurvePoint chosen = choose_point(curve, precision);
  threshold_ = chosen.threshold;
  report_["held_out_lines"] = scores.size();
  report_["threshold"] = chosen.threshold;
  report_["precision"] = chosen.precision;
  report_["recall"] = chosen.recall;
  report_["curve"] = curve_report(curve);
}

void DomainModel::save(Env& env, const fs::path& base) const {
  classifier_.save(env, with_suffix(base, ".ftz"));
  const Json json = {{"version", 1},
                     {"stay", stay_},
                     {"trust", trust_},
                     {"threshold", threshold_},
                     {"report", report_}};
  publish_file(env, with_suffix(base, ".json"), json.dump(1) + "\n");
}

DomainModel DomainModel::load(Env& env, const fs::path& base) {
  const fs::path path = with_suffix(base, ".json");
  const Json json = parse_json(env.read_file(path), path.string());
  if (json_get<int>(json, "version", path.string()) != 1) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(path.string(), ": expected version 1, got ", json["version"].dump()));
  }
  DomainModel model(LineClassifier::load(env, with_suffix(base, ".ftz")),
                    json_get<double>(json, "stay", path.string()));
  model.trust_ = json_get<double>(json, "trust", path.string());
  model.threshold_ = json_get<double>(json, "threshold", path.string());
  model.report_ = json_get<Json>(json, "report", path.string());
  return model;
}

}  // namespace rexbert::curate
