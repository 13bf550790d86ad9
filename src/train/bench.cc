#include "rexbert/train/bench.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <sys/resource.h>

#include <algorithm>

#include "rexbert/core/json.h"
#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"
#include "train/bench_run.h"
#include "train/consistency.h"

namespace rexbert::train {
namespace {

double peak_memory_bytes(c10::Device device) {
  constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  if (!device.is_cpu()) {
    const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
    return static_cast<double>(stats.allocated_bytes[kAll].peak);
  }
  struct rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

// The least over the ranks of each value.
std::vector<double> least_of_ranks(const std::vector<double>& own, dist::ProcessGroup& group) {
  std::vector<double> least = own;
  for (const std::string& text : group.all_gather(Json(own).dump())) {
    const auto other = Json::parse(text).get<std::vector<double>>();
    for (size_t i = 0; i < least.size(); ++i) least[i] = std::min(least[i], other[i]);
  }
  return least;
}

}  // namespace

double TrainBenchResult::median_seconds() const { return median(seconds); }
double TrainBenchResult::median_waited_seconds() const { return median(waited_seconds); }
double TrainBenchResult::median_exposed_seconds() const { return median(exposed_seconds); }

TrainBenchResult bench_train(const TrainBenchOptions& options, dist::ProcessGroup& group) {
  BenchRun run(options, group);
  TrainBenchResult result;
  for (int step = 0; step < options.warmup_steps; ++step) run.step();
  for (int step = 0; step < options.steps; ++step) {
    result.seconds.push_back(run.step());
    result.waited_seconds.push_back(run.waited_seconds());
  }
  result.loss = run.loss();
  result.exposed_seconds = least_of_ranks(result.waited_seconds, group);
  result.weights_hash = str_join(hash_parameters(run.model()), "");
  result.peak_memory_gib = peak_memory_bytes(run.device()) / (1 << 30);
  return result;
}

}  // namespace rexbert::train
