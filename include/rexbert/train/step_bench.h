#pragma once

#include <string>
#include <vector>

#include "rexbert/nn/costs.h"
#include "rexbert/train/bench.h"

namespace rexbert::train {

// One part of a training step.
struct StepBenchRow {
  std::string part;
  double forward_seconds = 0;  // a step, mean
  double backward_seconds = 0;
  nn::Cost cost = {};
  double share = 0;  // of the step
  // What the part would take at the ceiling, by its FLOPs or its bytes, whichever is longer,
  // divided by what it takes. 0 where nothing is counted.
  double of_ceiling = 0;

  double seconds() const { return forward_seconds + backward_seconds; }
};

struct StepBenchResult {
  std::vector<double> seconds;     // of each timed step, in order
  double product_ceiling = 0;      // FLOP/s
  double copy_ceiling = 0;         // bytes/s
  std::vector<StepBenchRow> rows;  // of every part, and what is left as "other"
  double flops = 0;                // a step
  double utilization = 0;          // flops / median step / product_ceiling
  double peak_memory_gib = 0;      // of the process

  double median_seconds() const;
};

// Times the parts of the steps that bench_train() times, in float32 on the CPU and one rank:
// Error(kUsage) elsewhere. The ceilings are measured twice after the steps, and the better one
// counts.
StepBenchResult bench_step(const TrainBenchOptions& options, dist::ProcessGroup& group);

}  // namespace rexbert::train
