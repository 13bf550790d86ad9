#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rexbert/core/json.h"
#include "rexbert/curate/labeller.h"
#include "rexbert/curate/line_classifier.h"
#include "rexbert/curate/line_filter.h"

namespace rexbert::curate {

// Precision and recall of lines at or above a threshold.
struct CurvePoint {
  double threshold = 0;
  double precision = 0;
  double recall = 0;
};

// One point for each distinct score, thresholds falling, so recall rises. `is_true` has a value for
// each score.
std::vector<CurvePoint> precision_recall_curve(const std::vector<double>& scores,
                                               const std::vector<bool>& is_true);

// The point of the highest F1 among those of at least `precision`, its threshold half-way down to
// the next point's, so that lines a little unlike those seen fall on the right side.
// Error(kNumeric) naming the best precision where there is none.
CurvePoint choose_point(const std::vector<CurvePoint>& curve, double precision);

struct DomainModelOptions {
  // Of the labelled documents, kept out of training to choose the threshold and to report. Default
  // 0.2.
  double held_out = 0.2;
  // Precision of the kept lines on held-out documents that the threshold is chosen for. Default
  // 0.9.
  double precision = 0.9;
  // Labelled lines of each kind that a model needs, held-out ones aside. Default 200.
  int64_t min_labels = 200;
  double stay = LineFilterOptions().stay;
  uint64_t seed = 17;
};

// What a domain's lines are judged by: its classifier, how far that is to be trusted, and from
// which probability on a line is kept.
class DomainModel {
 public:
  // Learns from the labelled lines of `tasks`, documents of one domain, and from those of `others`,
  // documents of other domains: what is not e-commerce there is not here either, and a domain's own
  // sample holds little of what else may come. Error(kUsage) saying how
  // many labels of which kind are missing, Error(kNumeric) where no threshold reaches the
  // precision.
  static DomainModel train(const LineLearner& learner, const std::string& domain,
                           const std::vector<LabelTask>& tasks,
                           const std::vector<const LabelTask*>& others,
                           const DomainModelOptions& options, const fs::path& scratch);
  // A model's two files, that of its classifier and BASE.json. Errors as LineLearner::load().
  static DomainModel load(Env& env, const LineLearner& learner, const fs::path& base);
  void save(Env& env, const fs::path& base) const;

  // The probability of each line of each document to be e-commerce, its neighbours considered. May
  // be called by many threads.
  std::vector<std::vector<double>> probabilities(std::span<const DocumentLines> documents) const;
  double threshold() const { return threshold_; }
  // Counts of labels, the held-out curve thinned to at most 200 points, and what was chosen.
  const Json& report() const { return report_; }

 private:
  DomainModel(std::unique_ptr<LineClassifier> classifier, double stay)
      : classifier_(std::move(classifier)), stay_(stay) {}

  void calibrate(std::span<const LabelTask* const> held_out);
  void choose_threshold(std::span<const LabelTask* const> held_out, double precision);

  std::unique_ptr<LineClassifier> classifier_;
  double stay_;
  double trust_ = 1;  // log-odds are multiplied by it
  double threshold_ = 0.5;
  Json report_;
};

}  // namespace rexbert::curate
