#pragma once

#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

// consume(work(item)) for every item of produce(), until it has none: `work` on threads of its own,
// threads + 1 at once, or for 0 on the calling one; all else on the calling one and in order.
// Whatever one of the three throws ends it.
template <class Produce, class Work, class Consume>
void map_in_order(int threads, Produce produce, Work work, Consume consume) {
  using Item = typename decltype(produce())::value_type;
  using Result = decltype(work(std::declval<Item&>()));
  const auto policy = threads > 0 ? std::launch::async : std::launch::deferred;
  std::deque<std::future<Result>> running;
  const auto consume_first = [&] {
    Result result = running.front().get();
    running.pop_front();
    consume(std::move(result));
  };
  while (auto item = produce()) {
    running.push_back(
        std::async(policy, [&work, own = std::move(*item)]() mutable { return work(own); }));
    if (running.size() > static_cast<size_t>(threads)) consume_first();
  }
  while (!running.empty()) consume_first();
}

}  // namespace rexbert::curate
