#include "rexbert/train/step_bench.h"

#include <algorithm>
#include <numeric>

#include "rexbert/core/error.h"
#include "rexbert/core/statistics.h"
#include "rexbert/nn/step_profile.h"
#include "rexbert/ops/ceiling.h"
#include "train/bench_run.h"

namespace rexbert::train {

double StepBenchResult::median_seconds() const { return median(seconds); }

StepBenchResult bench_step(const TrainBenchOptions& options, dist::ProcessGroup& group) {
  if (options.device != "cpu" || group.world_size() != 1 ||
      options.precision != nn::Precision::kF32) {
    throw Error(ErrorCode::kUsage,
                "bench step: expected one process on the CPU, in float32: the parts' times are "
                "those of calls, and a GPU works on when they have returned");
  }
  BenchRun run(options, group);
  StepBenchResult result;
  const auto measure_ceilings = [&] {
    result.product_ceiling = std::max(result.product_ceiling,
                                      ops::measure_product_ceiling(run.device(), torch::kFloat32));
    result.copy_ceiling = std::max(result.copy_ceiling, ops::measure_copy_ceiling(run.device()));
  };
  for (int step = 0; step < options.warmup_steps; ++step) run.step();
  nn::StepProfile profile;
  for (int step = 0; step < options.steps; ++step) result.seconds.push_back(run.step());
  const double all_seconds = std::accumulate(result.seconds.begin(), result.seconds.end(), 0.0);
  const double step_seconds = all_seconds / options.steps;
  double accounted = 0;
  for (int i = 0; i < nn::kStepParts; ++i) {
    const auto part = static_cast<nn::StepPart>(i);
    const nn::StepProfile::Times times = profile.times(part);
    result.rows.push_back({.part = std::string(nn::name_of(part)),
                           .forward_seconds = times.forward_seconds / options.steps,
                           .backward_seconds = times.backward_seconds / options.steps,
                           .cost = nn::cost_of(part, options.model, run.shape())});
    accounted += result.rows.back().seconds();
  }
  result.rows.push_back({.part = "other", .forward_seconds = step_seconds - accounted});
  result.peak_memory_gib = run.peak_memory_gib();  // before the copies' buffers
  for (int i = 0; i < 2; ++i) measure_ceilings();
  for (StepBenchRow& row : result.rows) {
    row.share = row.seconds() / step_seconds;
    const double least =
        std::max(row.cost.flops / result.product_ceiling, row.cost.bytes / result.copy_ceiling);
    if (row.seconds() > 0) row.of_ceiling = least / row.seconds();
    result.flops += row.cost.flops;
  }
  result.utilization = result.flops / result.median_seconds() / result.product_ceiling;
  return result;
}

}  // namespace rexbert::train
