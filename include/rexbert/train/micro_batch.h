#pragma once

#include <torch/torch.h>

#include "rexbert/nn/memory.h"
#include "rexbert/nn/model.h"
#include "rexbert/plan/plan.h"
#include "rexbert/train/run_config.h"

namespace rexbert::train {

// Bytes that one of `processes` processes which share a device's memory may take: of a machine's
// memory what is free now, or what the control groups that this process is in leave (versions 1 and
// 2), and what the process has already.
double memory_budget(c10::Device device, int processes);

struct MicroBatchLimits {
  int64_t longest_row = 1;  // tokens; a micro-batch has at least one row
  int64_t most = 1;         // tokens that a rank has in a step
  double masked_share = 0;  // the largest of any step
};
// Of all phases of a plan, for one of `ranks` ranks.
MicroBatchLimits limits_of(const plan::Plan& plan, int ranks);

// A rank's micro-batches as far as they are known without the device.
struct MicroBatchPlan {
  int64_t tokens = 0;      // of the largest
  bool is_settled = true;  // else the run decides, and this is what it might come to
  nn::MemoryEstimate memory;
};
// Of `data.micro_tokens: auto`, what fits into this machine's memory, which one rank has for
// itself; one row on a GPU.
MicroBatchPlan plan_micro_batch(const RunConfig& config, const plan::Plan& plan, int ranks);

// The largest micro-batch, in tokens, that fits into `budget` bytes: by nn::predict_memory, and
// then by a probe, the forward and backward pass of one such micro-batch of random tokens with all
// gradients in memory; after a probe that needs more, half of it. Whole rows of limits.longest_row,
// at least one, and no more than a step has. Leaves the weights and no gradients. Warns where even
// one row is not predicted to fit, and takes it.
int64_t choose_micro_tokens(nn::MaskedLanguageModel& model, nn::Precision precision,
                            const MicroBatchLimits& limits, double budget);

}  // namespace rexbert::train
