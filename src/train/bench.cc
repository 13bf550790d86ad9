#include "rexbert/train/bench.h"

#include <algorithm>
#include <numeric>

#include "rexbert/core/json.h"
#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"
#include "train/bench_run.h"
#include "train/consistency.h"

namespace rexbert::train {
namespace {

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
    result.data_wait += run.data_wait_seconds();
  }
  result.data_wait /= std::accumulate(result.seconds.begin(), result.seconds.end(), 0.0);
  result.loss = run.loss();
  result.exposed_seconds = least_of_ranks(result.waited_seconds, group);
  result.weights_hash = str_join(hash_parameters(run.model()), "");
  result.peak_memory_gib = run.peak_memory_gib();
  return result;
}

}  // namespace rexbert::train
