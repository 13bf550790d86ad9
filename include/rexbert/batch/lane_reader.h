#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "rexbert/batch/loader_state.h"
#include "rexbert/batch/pack.h"
#include "rexbert/batch/packed_batch.h"
#include "rexbert/batch/stream_source.h"

namespace rexbert::batch {

// What the order of a run hangs on besides its data.
struct OrderOptions {
  uint64_t seed = 0;
  int32_t window_rows = 64;
};

// The rows of one lane and one stream, one after the other, without end.
//
// It opens a window, the next W of the lane's slices, packs their documents and the carry of the
// window before, hands out the full rows and carries the rest over. Of n slices and a context of c
// tokens, W is window_rows c / mean slice, but at most n / lanes, the lane's share of an epoch, if
// that makes 8 rows.
class LaneReader {
 public:
  // Touches no data before the first row. A cursor goes on where it was taken.
  // `stop` ends waits for data: StreamSource::open_shard.
  LaneReader(std::shared_ptr<const StreamSource> source, int32_t lane, OrderOptions order,
             LaneCursor cursor = {}, std::function<bool()> stop = {});

  // Appends the next row: chunks "[CLS] content [SEP]" with tokens, positions, offsets, samples and
  // rows; no masking. `stream` and `row` go into sample_S and row_S. Throws Error(kIncompatible)
  // when the cursor does not fit the stream, and what reading shards throws, with stream and lane.
  void append_row(int32_t context_length, int32_t stream, int64_t row, PackedBatch& batch);

  // Lets the source fetch the window of the next row, and as many behind it as the source looks
  // ahead. Touches no data.
  void announce(int32_t context_length) const;

  // The state after the last row.
  const LaneCursor& cursor() const { return cursor_; }
  // Documents' chunks in memory.
  size_t chunks_in_flight() const { return rows_.chunks.size() + rows_.waiting.size(); }

 private:
  using OpenShard = std::pair<int32_t, std::shared_ptr<const shard::TokenShard>>;

  void prepare_row(int32_t context_length);
  void restore();
  void open_window(int32_t context_length);
  void repack(int32_t context_length, size_t ordinal);
  void close_window();
  std::vector<StreamSource::Entry> entries_from(int64_t first, int64_t count) const;
  void open_shards(const std::vector<StreamSource::Entry>& entries);
  void add_slice(const StreamSource::Entry& entry, std::vector<TokenRange>& ranges) const;
  void check_carry() const;
  int64_t window_entries(int32_t context_length) const;
  const shard::TokenShard& shard(int32_t index) const;
  KeyedRng packing_rng(size_t ordinal) const;
  void append_chunk(const TokenRange& chunk, PackedBatch& batch) const;

  std::shared_ptr<const StreamSource> source_;
  int32_t lane_;
  OrderOptions order_;
  LaneCursor cursor_;
  std::function<bool()> stop_;
  bool open_ = false;          // rows_ is of the cursor's window
  int64_t entries_ = 0;        // slices of the window
  int64_t empty_entries_ = 0;  // read one after the other without a token
  int64_t next_row_ = 0;       // of rows_
  PackedRows rows_;
  std::vector<OpenShard> shards_;  // ascending; of the window and the carry
};

}  // namespace rexbert::batch
