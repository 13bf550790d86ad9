#include "rexbert/core/philox.h"
#include "rexbert/plan/plan.h"

namespace rexbert::plan {

int stream_of_row(const StepSpec& step, int64_t row, uint64_t seed) {
  constexpr uint64_t kInverseGoldenRatio = 0x9E3779B97F4A7C15;  // in units of 2^-64
  const uint64_t offset = KeyedRng(seed, Purpose::kMixture).next_u64();
  const uint64_t point = offset + static_cast<uint64_t>(row) * kInverseGoldenRatio;
  const double u = static_cast<double>(point >> 11) * 0x1p-53;

  double cumulative = 0;
  int last_used = 0;
  for (size_t i = 0; i < step.mixture.size(); ++i) {
    if (step.mixture[i] <= 0) continue;
    last_used = static_cast<int>(i);
    cumulative += step.mixture[i];
    if (u < cumulative) break;
  }
  return last_used;  // also where the shares add up to a little less than 1 and u lies above
}

}  // namespace rexbert::plan
