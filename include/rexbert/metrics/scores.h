#pragma once

// metrics: how good predictions are, from plain numbers. No model, no tensor.
//
// Every measure is that of a reference implementation, which its comment names, and is tested
// against it. What the reference refuses is an Error here.

#include <cstdint>
#include <span>

namespace rexbert::metrics {

// Of one class or one type of entity: how many there are, how many were predicted, and how many of
// those are right.
struct Counts {
  int64_t actual = 0;
  int64_t predicted = 0;
  int64_t correct = 0;

  Counts& operator+=(const Counts& other);
};

// Each from 0 to 1, higher is better.
struct Scores {
  double precision = 0;  // correct / predicted
  double recall = 0;     // correct / actual
  double f1 = 0;         // 2 precision recall / (precision + recall)
  int64_t support = 0;   // actual
};

// A quotient by zero counts as 0 (zero_division=0 of scikit-learn 1.9.1 and seqeval 1.2.2).
Scores scores_of(const Counts& counts);

enum class Average {
  kMicro,     // the scores of the sum of all counts
  kMacro,     // the mean of the scores
  kWeighted,  // the mean of the scores, each weighted by its support
};

// Of no classes: NaN as macro average, else 0 (seqeval 1.2.2).
Scores average_scores(std::span<const Counts> classes, Average average);

}  // namespace rexbert::metrics
