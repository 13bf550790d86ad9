#pragma once

#include <cstdint>

#include "rexbert/batch/packed_batch.h"

namespace rexbert::train {

struct RandomBatchOptions {
  int64_t vocabulary = 0;
  int64_t sequences = 1;
  int64_t context_length = 1;  // of each sequence, all full
  double masked_share = 0.3;
  uint64_t number = 0;  // of the batch: another number, other tokens
};

// A batch of random tokens, some of them masked.
batch::PackedBatch random_batch(const RandomBatchOptions& options);

}  // namespace rexbert::train
