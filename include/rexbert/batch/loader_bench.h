#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rexbert/batch/loader.h"
#include "rexbert/batch/options.h"
#include "rexbert/core/clock.h"
#include "rexbert/core/env.h"
#include "rexbert/plan/step_spec.h"

namespace rexbert::batch {

struct LoaderBenchOptions {
  // Required. Folders or URLs of shards; each gives rows in proportion to its tokens.
  std::vector<StreamOptions> streams = {};
  // Default 1,024, in tokens.
  int32_t context_length = 1024;
  // Default 32 M, in tokens of full rows; rounded up to whole steps of `data.lanes` rows.
  int64_t tokens = 32'000'000;
  // Default 5. Each reads the same tokens with a loader of its own.
  int32_t repeats = 5;
  plan::MaskingSpec masking = {};
  // Empty: packing alone.
  MaskFunction mask = {};
  DataOptions data = {};
  TokenizerIdentity tokenizer = {};  // default: the streams are not checked
  uint64_t seed = 17;
  // Default 0: as fast as the loader is. Above: a trainer that takes so many tokens a second, steps
  // made ahead by data.prefetch_steps, and what is measured is how long it waits.
  double rate = 0;
};

struct LoaderBenchResult {
  int64_t rows = 0;
  int64_t tokens = 0;            // read in one repeat, [CLS] and [SEP] included
  double unfilled = 0;           // 1 - tokens / (rows x context_length)
  std::vector<double> seconds;   // of each repeat, rising; opening the shards included
  double tokens_per_second = 0;  // at the median of seconds
  // With a rate: share of the time that the trainer waited for data, the first step apart, of all
  // repeats; and the longest wait for that first step, in seconds.
  double data_wait = 0;
  double first_step_seconds = 0;
};

// What such a benchmark reads, of one rank; the caller may make it one of many.
LoaderSetup loader_bench_setup(Env& env, const LoaderBenchOptions& options);

// Times one rank's loader in the calling thread, without prefetching unless there is a rate. The
// slice tables are built before.
LoaderBenchResult bench_loader(Env& env, const LoaderBenchOptions& options,
                               rexbert::Clock& clock = rexbert::Clock::steady());

}  // namespace rexbert::batch
