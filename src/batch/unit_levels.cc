#include "batch/unit_levels.h"

#include <algorithm>
#include <cmath>

namespace rexbert::batch {
namespace {

constexpr double kStepsPerNat = 32;
constexpr int32_t kZeroLevel = kLevels / 2;
constexpr double kLargestProbability = 0.9;

}  // namespace

int32_t score_steps(double score) {
  const double limited = std::clamp(score * kStepsPerNat, -64.0, 63.0);
  return static_cast<int32_t>(std::lround(limited));
}

int32_t level_of(int32_t steps) { return std::clamp(steps + kZeroLevel, 0, kLevels - 1); }

std::array<double, kLevels> level_weights(double strength) {
  std::array<double, kLevels> weights;
  for (int level = 0; level < kLevels; ++level) {
    weights[level] = std::exp(strength * (level - kZeroLevel) / kStepsPerNat);
  }
  return weights;
}

std::array<double, kLevels> level_probabilities(const std::array<double, kLevels>& mass,
                                                const std::array<double, kLevels>& weights,
                                                double probability) {
  const double cap = std::max(probability, kLargestProbability);
  // below[l]: the weighted mass of the levels under l.
  std::array<double, kLevels + 1> below{};
  double total = 0;
  for (int level = 0; level < kLevels; ++level) {
    below[level + 1] = below[level] + mass[level] * weights[level];
    total += mass[level];
  }
  // Water-filling from the top: while the heaviest free level would pass the cap, it gets the cap
  // and the rest share what remains.
  int free = kLevels;
  double remaining = probability * total;
  double c = 0;
  while (free > 0) {
    c = below[free] > 0 ? remaining / below[free] : 0;
    if (c * weights[free - 1] <= cap) break;
    remaining -= cap * mass[--free];
  }
  std::array<double, kLevels> result;
  for (int level = 0; level < kLevels; ++level) {
    result[level] = level < free ? c * weights[level] : cap;
  }
  return result;
}

}  // namespace rexbert::batch
