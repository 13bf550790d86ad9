#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
};

struct TrainBenchResult {
  std::vector<double> seconds;  // of each timed step, in order
  double loss = 0;              // of the last step
  double peak_memory_gib = 0;   // of the process

  double median_seconds() const;
};

// Times forward, backward and optimizer on full sequences of random tokens: what
// transformers users would time with their trainer. Data is made before the clock starts.
TrainBenchResult bench_train(const TrainBenchOptions& options);

}  // namespace rexbert::train
