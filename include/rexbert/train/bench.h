#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rexbert/batch/step_source.h"
#include "rexbert/dist/process_group.h"
#include "rexbert/nn/config.h"

namespace rexbert::train {

struct TrainBenchOptions {
  nn::EncoderConfig model;
  int64_t sequences = 16;
  int64_t context_length = 512;
  double masked_share = 0.3;
  int warmup_steps = 2;
  int steps = 8;
  int32_t threads = 0;  // 0: all cores
  std::string device = "cpu";
  int device_index = 0;  // of the GPU among this machine's
  nn::Precision precision = nn::Precision::kF32;
  bool deterministic = true;  // nn::use_device
  dist::ReducerOptions reducer;
  // Default null: random tokens. Else steps of one micro-batch a rank, more of them than 1 +
  // warmup_steps + steps and what is made ahead, whose tokens are below the model's vocabulary.
  std::shared_ptr<batch::StepSource> source = nullptr;
};

struct TrainBenchResult {
  std::vector<double> seconds;  // of each timed step, in order
  // Of these, from when this rank's gradients were all there to when the sums were: it waits for
  // slower ranks too.
  std::vector<double> waited_seconds;
  // The same of the rank that came last: adding up with no computation to hide it.
  std::vector<double> exposed_seconds;
  double data_wait = 0;        // share of the timed steps that this rank waited for the source
  double loss = 0;             // of the last step
  std::string weights_hash;    // after the last step
  double peak_memory_gib = 0;  // of the process, or of its tensors on a GPU

  double median_seconds() const;
  double median_waited_seconds() const;
  double median_exposed_seconds() const;
};

// Times forward, backward and optimizer on full sequences of random tokens: what
// transformers users would time with their trainer. Random data is made before the clock starts;
// its way to a GPU, and waiting for a source, are in the time. A step ends when its loss is known.
// Each rank of the group has sequences of its own, and gradients are summed over the ranks; all
// call this.
TrainBenchResult bench_train(const TrainBenchOptions& options, dist::ProcessGroup& group);

}  // namespace rexbert::train
