#include "rexbert/metrics/correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "metrics/check_lengths.h"
#include "rexbert/core/statistics.h"

namespace rexbert::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_constant(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return value == values.front(); });
}

// The values less their mean, scaled to length 1.
std::vector<double> standardized(std::span<const double> values) {
  std::vector<double> result(values.begin(), values.end());
  const double center = mean(result);
  double largest = 0;
  for (double& value : result) {
    value -= center;
    largest = std::max(largest, std::abs(value));
  }
  // Scaled first, so that no square leaves the range of a double.
  double squares = 0;
  for (double& value : result) {
    value /= largest;
    squares += value * value;
  }
  const double length = std::sqrt(squares);
  for (double& value : result) value /= length;
  return result;
}

}  // namespace

double pearson(std::span<const double> x, std::span<const double> y) {
  check_lengths(x.size(), y.size(), 2);
  if (is_constant(x) || is_constant(y)) return kNaN;
  const std::vector<double> a = standardized(x);
  const std::vector<double> b = standardized(y);
  const double sum = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  return std::isnan(sum) ? kNaN : std::clamp(sum, -1.0, 1.0);
}

double spearman(std::span<const double> x, std::span<const double> y) {
  check_lengths(x.size(), y.size(), 2);
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (std::any_of(x.begin(), x.end(), is_nan) || std::any_of(y.begin(), y.end(), is_nan)) {
    return kNaN;
  }
  return pearson(mid_ranks(x), mid_ranks(y));
}

std::vector<double> mid_ranks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + 1 + end) / 2;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = rank;
    begin = end;
  }
  return ranks;
}

}  // namespace rexbert::metrics
