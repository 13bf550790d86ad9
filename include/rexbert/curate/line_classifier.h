#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/curate/labeller.h"

namespace rexbert::curate {

// The lines of a document, in order.
using DocumentLines = std::vector<std::string_view>;

// Judges lines; learnt from labels.
class LineClassifier {
 public:
  virtual ~LineClassifier() = default;

  // ln(p / (1 - p)) of e-commerce for each line of each document; 0 for a line that says nothing.
  // Documents do not change each other's values beyond rounding. May be called by many threads.
  virtual std::vector<std::vector<double>> log_odds(
      std::span<const DocumentLines> documents) const = 0;

  // Publishes BASE followed by the suffix of its learner.
  virtual void save(Env& env, const fs::path& base) const = 0;
};

// Makes classifiers of one kind. May be called by many threads.
class LineLearner {
 public:
  virtual ~LineLearner() = default;

  // Learns from the labelled lines of `tasks`, failed labels aside; the same tasks in the same
  // order give the same classifier. Works in `scratch`, a folder that is made and removed.
  // Error(kUsage) for lines of one kind only.
  virtual std::unique_ptr<LineClassifier> train(std::span<const LabelTask* const> tasks,
                                                const fs::path& scratch) const = 0;
  // Reads what save() wrote. Error(kNotFound), Error(kCorrupt), Error(kIncompatible).
  virtual std::unique_ptr<LineClassifier> load(const fs::path& base) const = 0;

  // Of a classifier's file, such as ".ftz".
  virtual const char* suffix() const = 0;
  // All that decides what is learnt beside the tasks.
  virtual Json settings() const = 0;
};

}  // namespace rexbert::curate
