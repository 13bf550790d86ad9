#include "rexbert/metrics/classification.h"

#include <cmath>

#include "metrics/check_lengths.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::metrics {
namespace {

size_t class_index(int value, int classes, size_t example, const char* what) {
  if (value < 0 || value >= classes) {
    throw Error(ErrorCode::kUsage, str_cat("example ", example, ": expected a ", what,
                                           " class of 0 to ", classes - 1, ", got ", value));
  }
  return static_cast<size_t>(value);
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::span<const int> truth, std::span<const int> predicted,
                                 int classes)
    : classes_(classes), total_(static_cast<int64_t>(truth.size())) {
  if (classes < 1) {
    throw Error(ErrorCode::kUsage, str_cat("expected at least one class, got ", classes));
  }
  check_lengths(truth.size(), predicted.size(), 1);
  const auto row = static_cast<size_t>(classes);
  counts_.resize(row * row);
  for (size_t i = 0; i < truth.size(); ++i) {
    ++counts_[class_index(truth[i], classes, i, "true") * row +
              class_index(predicted[i], classes, i, "predicted")];
  }
}

int64_t ConfusionMatrix::count(int truth, int predicted) const {
  return counts_[static_cast<size_t>(truth) * static_cast<size_t>(classes_) +
                 static_cast<size_t>(predicted)];
}

Counts ConfusionMatrix::counts(int of_class) const {
  Counts counts;
  for (int other = 0; other < classes_; ++other) {
    counts.actual += count(of_class, other);
    counts.predicted += count(other, of_class);
  }
  counts.correct = count(of_class, of_class);
  return counts;
}

double accuracy(const ConfusionMatrix& matrix) {
  int64_t correct = 0;
  for (int c = 0; c < matrix.classes(); ++c) correct += matrix.count(c, c);
  return static_cast<double>(correct) / static_cast<double>(matrix.total());
}

Scores class_scores(const ConfusionMatrix& matrix, int positive) {
  return scores_of(matrix.counts(positive));
}

Scores average_scores(const ConfusionMatrix& matrix, Average average) {
  std::vector<Counts> occurring;
  for (int c = 0; c < matrix.classes(); ++c) {
    const Counts counts = matrix.counts(c);
    if (counts.actual + counts.predicted > 0) occurring.push_back(counts);
  }
  return average_scores(occurring, average);
}

double matthews_correlation(const ConfusionMatrix& matrix) {
  const auto n = static_cast<double>(matrix.total());
  double correct = 0;
  double both = 0;
  double actual = 0;
  double predicted = 0;
  for (int c = 0; c < matrix.classes(); ++c) {
    const Counts counts = matrix.counts(c);
    const auto t = static_cast<double>(counts.actual);
    const auto p = static_cast<double>(counts.predicted);
    correct += static_cast<double>(counts.correct);
    both += t * p;
    actual += t * t;
    predicted += p * p;
  }
  const double variances = (n * n - actual) * (n * n - predicted);
  return variances == 0 ? 0 : (correct * n - both) / std::sqrt(variances);
}

}  // namespace rexbert::metrics
