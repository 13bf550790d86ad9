#pragma once

#include <cstdint>

namespace rexbert::plan {

// One rank's share of a global batch, taken in micro-batches whose gradients are accumulated.
struct BatchShare {
  int64_t batch_rows = 0;       // of the global batch
  int64_t rows = 0;             // of the rank
  int64_t micro_rows = 0;       // of a micro-batch
  int64_t micro_batches = 0;    // a step
  int64_t last_micro_rows = 0;  // of a step's last micro-batch: from 1 to micro_rows

  bool operator==(const BatchShare&) const = default;
};

// lanes / ranks. Throws Error(kUsage) naming the nearest numbers of ranks that divide the lanes
// where this one does not.
int64_t lanes_per_rank(int64_t lanes, int64_t ranks);

// rows = batch_rows / ranks, micro_rows = min(rows, max(1, micro_tokens / context_length)),
// micro_batches = rows / micro_rows rounded up. `ranks` divides `batch_rows`; all are above 0.
BatchShare share_batch(int64_t batch_rows, int64_t context_length, int64_t micro_tokens,
                       int64_t ranks);

}  // namespace rexbert::plan
