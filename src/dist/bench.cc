#include "rexbert/dist/bench.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>

#include "rexbert/core/clock.h"
#include "rexbert/core/json.h"
#include "rexbert/core/statistics.h"

namespace rexbert::dist {

double AllReduceTimes::median_seconds() const { return median(seconds); }

double AllReduceTimes::algorithm_bandwidth() const {
  return static_cast<double>(bytes) / median_seconds();
}

double AllReduceTimes::bus_bandwidth(int ranks) const {
  return algorithm_bandwidth() * 2 * (ranks - 1) / ranks;
}

AllReduceTimes bench_all_reduce(ProcessGroup& group, const at::TensorOptions& tensors,
                                int64_t bytes, int repeats) {
  using Clock = std::chrono::steady_clock;
  constexpr int kWarmUps = 2;
  const auto elements = bytes / static_cast<int64_t>(sizeof(float));
  const at::Tensor tensor = at::zeros({elements}, tensors.dtype(at::kFloat));
  std::vector<double> own;
  for (int repeat = 0; repeat < kWarmUps + repeats; ++repeat) {
    group.barrier();
    const Clock::time_point start = Clock::now();
    group.all_reduce_sum(tensor);
    const double seconds = seconds_since(start);
    if (repeat >= kWarmUps) own.push_back(seconds);
  }
  AllReduceTimes times{elements * static_cast<int64_t>(sizeof(float)), own};
  for (const std::string& text : group.all_gather(Json(own).dump())) {
    const auto other = Json::parse(text).get<std::vector<double>>();
    for (size_t i = 0; i < other.size(); ++i) {
      times.seconds[i] = std::max(times.seconds[i], other[i]);
    }
  }
  return times;
}

}  // namespace rexbert::dist
