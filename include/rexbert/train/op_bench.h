#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rexbert/nn/config.h"

namespace rexbert::train {

// attention, embedding_norm, layer_norm, geglu, dropout_add, linear_cross_entropy, update.
const std::vector<std::string>& op_names();

struct OpBenchOptions {
  std::string op = "attention";  // one of op_names()
  nn::EncoderConfig model;       // whose shapes the op gets
  int64_t tokens = 8192;
  int64_t context_length = 512;  // of the sequences, which fill the tokens
  bool local = false;            // attention within the model's window, not over all
  double masked_share = 0.3;     // of the rows that linear_cross_entropy gets
  int repeats = 10;
  int32_t threads = 0;     // 0: as LibTorch has them
  bool reference = false;  // ops::reference in the op's place
  uint64_t seed = 17;
};

struct OpBenchResult {
  std::vector<double> forward_seconds = {};   // of each repeat
  std::vector<double> backward_seconds = {};  // of each repeat; none of `update`
  double flops = 0;                           // forward and backward, as cost_of() counts
  double bytes = 0;

  double median_seconds() const;
};

// Times one op of ops.h on random float32 data on the CPU, after one run that does not count.
// Error(kUsage) for an unknown op, and tokens that are no multiple of the context length.
OpBenchResult bench_op(const OpBenchOptions& options);

}  // namespace rexbert::train
