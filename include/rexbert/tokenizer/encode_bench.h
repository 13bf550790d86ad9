#pragma once

#include <cstdint>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::tokenizer {

struct EncodeBenchOptions {
  uint64_t bytes = uint64_t{20} << 20;  // of the text, at most, from the front
  int32_t threads = 1;
  int repeats = 5;
};

struct EncodeBenchResult {
  uint64_t documents = 0;
  uint64_t bytes = 0;
  uint64_t tokens = 0;
  std::vector<double> seconds = {};  // of each repeat, in order

  double median_seconds() const;
};

// Times Tokenizer::encode on the documents of text files, from memory to memory, after one run that
// does not count; threads take documents one by one. Error(kUsage) where the files hold none.
EncodeBenchResult bench_encode(Env& env, const Tokenizer& tokenizer,
                               const std::vector<fs::path>& files,
                               const EncodeBenchOptions& options);

}  // namespace rexbert::tokenizer
