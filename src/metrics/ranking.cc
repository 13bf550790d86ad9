#include "rexbert/metrics/ranking.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "metrics/check_lengths.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::metrics {
namespace {

void check_values(std::span<const double> gains, std::span<const double> scores) {
  for (size_t i = 0; i < gains.size(); ++i) {
    if (!std::isfinite(gains[i]) || gains[i] < 0) {
      throw Error(ErrorCode::kUsage, str_cat("item ", i, ": expected a finite gain of at least 0, ",
                                             "got ", gains[i]));
    }
    if (!std::isfinite(scores[i])) {
      throw Error(ErrorCode::kNumeric,
                  str_cat("item ", i, ": expected a finite score, got ", scores[i]));
    }
  }
}

// Of the rank `index` + 1.
double discount(size_t index, size_t cutoff) {
  return index < cutoff ? 1 / std::log2(static_cast<double>(index) + 2) : 0;
}

double best_dcg(std::span<const double> gains, size_t cutoff) {
  std::vector<double> sorted(gains.begin(), gains.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double sum = 0;
  for (size_t i = 0; i < sorted.size(); ++i) sum += sorted[i] * discount(i, cutoff);
  return sum;
}

}  // namespace

double ndcg(std::span<const double> gains, std::span<const double> scores, size_t cutoff) {
  check_lengths(gains.size(), scores.size(), 1);
  if (cutoff == 0) {
    throw Error(ErrorCode::kUsage, "expected a cut-off of at least 1, got 0");
  }
  check_values(gains, scores);
  const double best = best_dcg(gains, cutoff);
  if (best == 0) return 0;

  std::vector<size_t> order(gains.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  double sum = 0;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double gain = 0;
    double discounts = 0;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end) {
      gain += gains[order[end]];
      discounts += discount(end, cutoff);
    }
    sum += gain / static_cast<double>(end - begin) * discounts;
  }
  return sum / best;
}

}  // namespace rexbert::metrics
