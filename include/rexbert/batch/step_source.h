#pragma once

#include <vector>

#include "rexbert/batch/loader_state.h"
#include "rexbert/batch/packed_batch.h"
#include "rexbert/plan/step_spec.h"

namespace rexbert::batch {

// One step's share of a rank.
struct LoadedStep {
  plan::StepSpec spec;
  // The rank's rows in their order, as many to a micro-batch as fit micro_tokens.
  std::vector<PackedBatch> micro_batches;
};

// What a trainer reads: the steps of a run, one after the other.
class StepSource {
 public:
  virtual ~StepSource() = default;
  virtual LoadedStep next() = 0;
  // Where reading goes on after the last step that next() returned.
  virtual const LoaderState& state() const = 0;
};

}  // namespace rexbert::batch
