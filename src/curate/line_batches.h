#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/compression.h"
#include "rexbert/core/env.h"

namespace rexbert::curate {

// Whole lines of one file, in sequence.
struct LineBatch {
  uint64_t first = 0;  // lines of the file before these
  std::string bytes;   // every line ends in '\n'; FieldParser::kPadding zeros behind them
  uint64_t line_count = 0;

  // Without their ends.
  std::vector<std::string_view> lines() const;
};

// Cuts a file, decompressed by its extension, into batches of about `batch_bytes`, which depend on
// the file and batch_bytes alone. A last line without an end gets one.
class LineBatchReader {
 public:
  LineBatchReader(Env& env, const fs::path& path, size_t batch_bytes);

  // Nothing at the end of the file. Throws Error(kCorrupt) where compressed data is damaged.
  std::optional<LineBatch> next();

 private:
  void fill(std::string& bytes);

  std::unique_ptr<ByteSource> source_;
  size_t batch_bytes_;
  std::string rest_;  // the beginning of a line
  uint64_t lines_ = 0;
  bool at_end_ = false;
};

}  // namespace rexbert::curate
