#include "rexbert/metrics/scores.h"

namespace rexbert::metrics {
namespace {

double quotient(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
  actual += other.actual;
  predicted += other.predicted;
  correct += other.correct;
  return *this;
}

Scores scores_of(const Counts& counts) {
  Scores scores;
  scores.precision = quotient(counts.correct, counts.predicted);
  scores.recall = quotient(counts.correct, counts.actual);
  const double sum = scores.precision + scores.recall;
  scores.f1 = sum == 0 ? 0 : 2 * scores.precision * scores.recall / sum;
  scores.support = counts.actual;
  return scores;
}

Scores average_scores(std::span<const Counts> classes, Average average) {
  Counts all;
  for (const Counts& counts : classes) all += counts;
  if (average == Average::kMicro) return scores_of(all);
  if (average == Average::kWeighted && all.actual == 0) return {};

  Scores mean;
  double weights = 0;
  for (const Counts& counts : classes) {
    const Scores scores = scores_of(counts);
    const double weight = average == Average::kWeighted ? static_cast<double>(scores.support) : 1.0;
    mean.precision += weight * scores.precision;
    mean.recall += weight * scores.recall;
    mean.f1 += weight * scores.f1;
    weights += weight;
  }
  mean.precision /= weights;
  mean.recall /= weights;
  mean.f1 /= weights;
  mean.support = all.actual;
  return mean;
}

}  // namespace rexbert::metrics
