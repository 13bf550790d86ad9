#pragma once

#include <cstdint>
#include <vector>

#include "rexbert/dist/process_group.h"

namespace rexbert::dist {

// Times of one all-reduce of float32, as nccl-tests' all_reduce_perf reports them.
struct AllReduceTimes {
  int64_t bytes = 0;
  std::vector<double> seconds;  // of each repeat, of the slowest rank

  double median_seconds() const;
  // bytes / time.
  double algorithm_bandwidth() const;
  // That times 2 (ranks - 1) / ranks: what each rank has to send and receive whatever the
  // algorithm, so that it can be compared with the network's bandwidth and with other numbers of
  // ranks (nccl-tests, PERFORMANCE.md).
  double bus_bandwidth(int ranks) const;
};

// Sums tensors of `bytes` over all ranks, `repeats` times after two that are not timed. Collective.
AllReduceTimes bench_all_reduce(ProcessGroup& group, const at::TensorOptions& tensors,
                                int64_t bytes, int repeats);

}  // namespace rexbert::dist
