#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rexbert/metrics/scores.h"

namespace rexbert::metrics {

// count(t, p) = how many examples of class t were taken for class p. Classes are numbered from 0.
class ConfusionMatrix {
 public:
  // Throws Error(kUsage) for lists of different lengths or without an example, fewer than one
  // class, and a class outside [0, classes).
  ConfusionMatrix(std::span<const int> truth, std::span<const int> predicted, int classes);

  int classes() const { return classes_; }
  int64_t count(int truth, int predicted) const;
  int64_t total() const { return total_; }
  // Of one class against all others.
  Counts counts(int of_class) const;

 private:
  int classes_;
  int64_t total_;
  std::vector<int64_t> counts_;  // row by row, a row for each true class
};

// The share of examples that are right (accuracy_score of scikit-learn 1.9.1).
double accuracy(const ConfusionMatrix& matrix);

// As precision_recall_fscore_support of scikit-learn 1.9.1: of `positive` alone, its average=None
// and, for two classes, "binary".
Scores class_scores(const ConfusionMatrix& matrix, int positive);

// The same over all classes that occur, among the true ones or the predicted ones.
Scores average_scores(const ConfusionMatrix& matrix, Average average);

// Gorodkin's R_K ("Comparing two K-category assignments by a K-category correlation coefficient",
// 2004, eq. 8), for two classes Matthews' coefficient:
//
//   (c n - sum_k t_k p_k) / sqrt((n^2 - sum_k t_k^2) (n^2 - sum_k p_k^2))
//
// with n examples, c of them right, t_k of class k and p_k taken for it. From -1 to 1; 0 where all
// examples are of one class or are taken for one (matthews_corrcoef of scikit-learn 1.9.1).
double matthews_correlation(const ConfusionMatrix& matrix);

}  // namespace rexbert::metrics
