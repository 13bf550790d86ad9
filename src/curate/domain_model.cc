#include "rexbert/curate/domain_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr size_t kReportedPoints = 200;

bool is_held_out(const LabelTask& task, const DomainModelOptions& options) {
  KeyedRng rng(options.seed, Purpose::kCurationHoldout, hash64(task.document.id),
               hash64(task.document.text));
  return rng.next_uniform() < options.held_out;
}

uint64_t count_labels(std::span<const LabelTask* const> tasks, Label wanted) {
  uint64_t count = 0;
  for (const LabelTask* task : tasks) {
    count += static_cast<uint64_t>(std::count(task->labels.begin(), task->labels.end(), wanted));
  }
  return count;
}

uint64_t count_labels(std::span<const LabelTask* const> tasks) {
  return count_labels(tasks, Label::kEcommerce) + count_labels(tasks, Label::kOther);
}

void require_labels(const std::string& domain, std::span<const LabelTask* const> tasks,
                    int64_t wanted) {
  const auto ecommerce = static_cast<int64_t>(count_labels(tasks, Label::kEcommerce));
  const auto others = static_cast<int64_t>(count_labels(tasks, Label::kOther));
  if (std::min(ecommerce, others) >= wanted) return;
  const auto missing = [&](int64_t count) { return std::max<int64_t>(0, wanted - count); };
  throw Error(ErrorCode::kUsage,
              str_cat("domain ", domain, ": expected at least ", wanted,
                      " labelled lines of each kind to train on, got ", ecommerce,
                      " of e-commerce (", missing(ecommerce), " missing) and ", others, " others (",
                      missing(others), " missing); label more documents"));
}

std::vector<DocumentLines> lines_of(std::span<const LabelTask* const> tasks) {
  std::vector<DocumentLines> documents;
  documents.reserve(tasks.size());
  for (const LabelTask* task : tasks) documents.push_back(split_lines(task->document.text));
  return documents;
}

// Calls body(value, is e-commerce) for each labelled line; `values` has one for each line of each
// task's document.
template <class Body>
void for_each_label(std::span<const LabelTask* const> tasks,
                    const std::vector<std::vector<double>>& values, Body body) {
  for (size_t d = 0; d < tasks.size(); ++d) {
    const LabelTask& task = *tasks[d];
    for (size_t i = 0; i < task.lines.size(); ++i) {
      if (task.labels[i] == Label::kFailed) continue;
      body(values[d][task.lines[i]], task.labels[i] == Label::kEcommerce);
    }
  }
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

DomainModel DomainModel::train(const LineLearner& learner, const std::string& domain,
                               const std::vector<LabelTask>& tasks,
                               const std::vector<const LabelTask*>& others,
                               const DomainModelOptions& options, const fs::path& scratch) {
  std::vector<const LabelTask*> learnt;
  std::vector<const LabelTask*> held_out;
  for (const LabelTask& task : tasks) {
    (is_held_out(task, options) ? held_out : learnt).push_back(&task);
  }
  require_labels(domain, learnt, options.min_labels);
  Json report = {{"domain", domain},
                 {"documents", learnt.size()},
                 {"lines", count_labels(learnt)},
                 {"lines_of_other_domains", count_labels(others)},
                 {"held_out_documents", held_out.size()}};
  learnt.insert(learnt.begin(), others.begin(), others.end());
  DomainModel model(learner.train(learnt, scratch), options.stay);
  model.report_ = std::move(report);
  model.calibrate(held_out);
  with_context(str_cat("domain ", domain),
               [&] { model.choose_threshold(held_out, options.precision); });
  return model;
}

std::vector<std::vector<double>> DomainModel::probabilities(
    std::span<const DocumentLines> documents) const {
  std::vector<std::vector<double>> result = classifier_->log_odds(documents);
  for (std::vector<double>& values : result) {
    for (double& value : values) value *= trust_;
    values = smooth_lines(values, stay_);
  }
  return result;
}

// A classifier is surer of itself than it is right on lines it has not seen: one factor on its
// log-odds makes the held-out labels most likely (temperature scaling, Guo et al. 2017).
void DomainModel::calibrate(std::span<const LabelTask* const> held_out) {
  std::vector<std::pair<double, bool>> lines;
  for_each_label(held_out, classifier_->log_odds(lines_of(held_out)),
                 [&](double odds, bool ecommerce) { lines.emplace_back(odds, ecommerce); });
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

void DomainModel::choose_threshold(std::span<const LabelTask* const> held_out, double precision) {
  std::vector<double> scores;
  std::vector<bool> is_true;
  for_each_label(held_out, probabilities(lines_of(held_out)),
                 [&](double probability, bool ecommerce) {
                   scores.push_back(probability);
                   is_true.push_back(ecommerce);
                 });
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
  classifier_->save(env, base);
  const Json json = {{"version", 1},
                     {"stay", stay_},
                     {"trust", trust_},
                     {"threshold", threshold_},
                     {"report", report_}};
  publish_file(env, base.string() + ".json", json.dump(1) + "\n");
}

DomainModel DomainModel::load(Env& env, const LineLearner& learner, const fs::path& base) {
  const fs::path path = base.string() + ".json";
  const Json json = parse_json(env.read_file(path), path.string());
  if (json_get<int>(json, "version", path.string()) != 1) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(path.string(), ": expected version 1, got ", json["version"].dump()));
  }
  DomainModel model(learner.load(base), json_get<double>(json, "stay", path.string()));
  model.trust_ = json_get<double>(json, "trust", path.string());
  model.threshold_ = json_get<double>(json, "threshold", path.string());
  model.report_ = json_get<Json>(json, "report", path.string());
  return model;
}

}  // namespace rexbert::curate
