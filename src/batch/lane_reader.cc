#include "rexbert/batch/lane_reader.h"

#include <algorithm>
#include <numeric>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

// A window of fewer rows would cut a document in nearly every row.
constexpr int64_t kMinWindowRows = 8;
// A lane that reads this many epochs' worth of slices without a token will never find one.
constexpr int64_t kEmptyEpochs = 64;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The part of a sample inside a leading [CLS] and a trailing [SEP].
std::pair<int32_t, int32_t> content_of(const StreamSource& source, const shard::TokenShard& shard,
                                       uint64_t sample) {
  const uint32_t length = shard.length(sample);
  uint32_t begin = 0;
  uint32_t end = length;
  int32_t token = 0;
  if (end > begin) {
    shard.copy(sample, 0, 1, &token);
    if (token == source.cls_id()) ++begin;
  }
  if (end > begin) {
    shard.copy(sample, end - 1, end, &token);
    if (token == source.sep_id()) --end;
  }
  return {static_cast<int32_t>(begin), static_cast<int32_t>(end)};
}

}  // namespace

LaneReader::LaneReader(std::shared_ptr<const StreamSource> source, int32_t lane, OrderOptions order,
                       LaneCursor cursor, std::function<bool()> stop)
    : source_(std::move(source)),
      lane_(lane),
      order_(order),
      cursor_(std::move(cursor)),
      stop_(std::move(stop)) {}

KeyedRng LaneReader::packing_rng(size_t ordinal) const {
  return {order_.seed, Purpose::kWindowOrder, hash64(source_->name(), static_cast<uint64_t>(lane_)),
          static_cast<uint64_t>(cursor_.first_entry) << 16 | ordinal};
}

int64_t LaneReader::window_entries(int32_t context_length) const {
  const int64_t slice = source_->slices().mean_tokens();
  const auto slices = static_cast<int64_t>(source_->slices().slices.size());
  const int64_t wanted = divide_up(int64_t{order_.window_rows} * context_length, slice);
  const int64_t least = divide_up(kMinWindowRows * context_length, slice);
  const int64_t share = std::max(slices / source_->lanes(), least);
  return std::max<int64_t>(1, std::min(wanted, share));
}

const shard::TokenShard& LaneReader::shard(int32_t index) const {
  const auto found =
      std::lower_bound(shards_.begin(), shards_.end(), index,
                       [](const OpenShard& open, int32_t wanted) { return open.first < wanted; });
  return *found->second;
}

std::vector<StreamSource::Entry> LaneReader::entries_from(int64_t first, int64_t count) const {
  std::vector<StreamSource::Entry> entries;
  for (int64_t i = 0; i < count; ++i) {
    entries.push_back(source_->entry(order_.seed, lane_, first + i));
  }
  return entries;
}

void LaneReader::announce(int32_t context_length) const {
  if (!cursor_.takes.empty()) context_length = cursor_.takes.front().context_length;
  const int64_t windows = 1 + source_->lookahead();
  source_->prefetch(entries_from(cursor_.first_entry, windows * window_entries(context_length)),
                    lane_);
}

// Keeps the shards that are still needed, opens the others and lets go of the rest.
void LaneReader::open_shards(const std::vector<StreamSource::Entry>& entries) {
  std::vector<int32_t> needed;
  for (const TokenRange& range : cursor_.carry) needed.push_back(range.shard);
  for (const StreamSource::Entry& entry : entries) needed.push_back(entry.slice.shard);
  std::sort(needed.begin(), needed.end());
  needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
  std::vector<OpenShard> opened;
  opened.reserve(needed.size());
  auto before = shards_.begin();
  for (const int32_t index : needed) {
    while (before != shards_.end() && before->first < index) ++before;
    const bool known = before != shards_.end() && before->first == index;
    opened.emplace_back(index, known ? before->second : source_->open_shard(index, stop_));
  }
  shards_ = std::move(opened);
}

void LaneReader::check_carry() const {
  for (const TokenRange& range : cursor_.carry) {
    const shard::TokenShard& from = shard(range.shard);
    if (static_cast<uint64_t>(range.sample) >= from.samples() ||
        static_cast<uint32_t>(range.end) > from.length(static_cast<uint64_t>(range.sample))) {
      throw Error(
          ErrorCode::kIncompatible,
          str_cat("the loader state names tokens [", range.begin, ", ", range.end, ") of sample ",
                  range.sample, " in shard ", range.shard, ", which the shard does not have"));
    }
  }
}

void LaneReader::add_slice(const StreamSource::Entry& entry,
                           std::vector<TokenRange>& ranges) const {
  const Slice& slice = entry.slice;
  const shard::TokenShard& from = shard(slice.shard);
  const int32_t end_sample = slice.end_sample + (slice.end_token > 0 ? 1 : 0);
  for (int32_t sample = slice.begin_sample; sample < end_sample; ++sample) {
    auto [begin, end] = content_of(*source_, from, static_cast<uint64_t>(sample));
    if (sample == slice.begin_sample) begin = std::max(begin, slice.begin_token);
    if (sample == slice.end_sample) end = std::min(end, slice.end_token);
    if (begin < end) ranges.push_back({entry.epoch, slice.shard, sample, begin, end});
  }
}

// Opens the cursor's window and packs it for its first context length.
void LaneReader::open_window(int32_t context_length) {
  entries_ = window_entries(context_length);
  if (source_->tokens().is_remote()) announce(context_length);
  const std::vector<StreamSource::Entry> entries = entries_from(cursor_.first_entry, entries_);
  open_shards(entries);
  check_carry();
  std::vector<TokenRange> ranges = cursor_.carry;
  const size_t carried = ranges.size();
  for (const StreamSource::Entry& entry : entries) add_slice(entry, ranges);
  empty_entries_ = ranges.size() == carried ? empty_entries_ + entries_ : 0;
  const auto slices = static_cast<int64_t>(source_->slices().slices.size());
  if (empty_entries_ > kEmptyEpochs * slices) {
    throw Error(ErrorCode::kNotFound, str_cat(source_->tokens().directory().string(),
                                              ": expected documents with content, got none: every "
                                              "sample is empty"));
  }
  rows_ = pack_rows(std::move(ranges), context_length, packing_rng(0));
  next_row_ = 0;
  open_ = true;
}

// Packs what is left of the window for another context length, for the `ordinal`-th time.
void LaneReader::repack(int32_t context_length, size_t ordinal) {
  const auto first = static_cast<std::ptrdiff_t>(rows_.row_begin[static_cast<size_t>(next_row_)]);
  std::vector<TokenRange> rest(rows_.chunks.begin() + first, rows_.chunks.end());
  rest.insert(rest.end(), rows_.waiting.begin(), rows_.waiting.end());
  rows_ = pack_rows(std::move(rest), context_length, packing_rng(ordinal));
  next_row_ = 0;
}

void LaneReader::close_window() {
  cursor_.carry = std::move(rows_.waiting);
  cursor_.first_entry += entries_;
  cursor_.takes.clear();
  rows_ = {};
  open_ = false;
}

// Reopens the window that the cursor says was open.
void LaneReader::restore() {
  for (size_t i = 0; i < cursor_.takes.size(); ++i) {
    const Take& take = cursor_.takes[i];
    if (i == 0) {
      open_window(take.context_length);
    } else {
      repack(take.context_length, i);
    }
    if (take.rows >= rows_.rows()) {
      throw Error(
          ErrorCode::kIncompatible,
          str_cat("the loader state says that ", take.rows, " rows of ", take.context_length,
                  " tokens were read of a window with ", rows_.rows()));
    }
    next_row_ = take.rows;
  }
}

void LaneReader::prepare_row(int32_t context_length) {
  if (!open_) restore();
  while (true) {
    if (!open_) {
      open_window(context_length);
      cursor_.takes.push_back({context_length, 0});
    } else if (cursor_.takes.back().context_length != context_length) {
      repack(context_length, cursor_.takes.size());
      cursor_.takes.push_back({context_length, 0});
    }
    if (next_row_ < rows_.rows()) return;
    close_window();
  }
}

void LaneReader::append_chunk(const TokenRange& chunk, PackedBatch& batch) const {
  if (batch.offsets_S1.empty()) batch.offsets_S1.push_back(0);
  const size_t begin = batch.tokens_T.size();
  const int32_t tokens = chunk.tokens() + kChunkOverhead;
  batch.tokens_T.resize(begin + static_cast<size_t>(tokens));
  batch.positions_T.resize(batch.tokens_T.size());
  batch.tokens_T[begin] = source_->cls_id();
  batch.tokens_T.back() = source_->sep_id();
  shard(chunk.shard)
      .copy(static_cast<uint64_t>(chunk.sample), static_cast<uint32_t>(chunk.begin),
            static_cast<uint32_t>(chunk.end), batch.tokens_T.data() + begin + 1);
  std::iota(batch.positions_T.begin() + static_cast<std::ptrdiff_t>(begin), batch.positions_T.end(),
            0);
  batch.offsets_S1.push_back(batch.offsets_S1.back() + tokens);
  batch.sample_S.push_back({0, chunk.epoch, chunk.shard, chunk.sample, chunk.begin});
  batch.longest = std::max(batch.longest, tokens);
}

void LaneReader::append_row(int32_t context_length, int32_t stream, int64_t row,
                            PackedBatch& batch) {
  try {
    prepare_row(context_length);
    for (const TokenRange& chunk : rows_.row(next_row_)) append_chunk(chunk, batch);
  } catch (Error& error) {
    error.add_context(str_cat("stream ", source_->name(), ", lane ", lane_));
    throw;
  }
  const size_t sequences = batch.sample_S.size() - batch.row_S.size();
  const int32_t row_begin = batch.offsets_S1[batch.row_S.size()];
  for (size_t s = batch.row_S.size(); s < batch.sample_S.size(); ++s) {
    batch.sample_S[s].stream = stream;
    batch.sample_S[s].stream_key = source_->key();
    batch.row_start_S.push_back(batch.offsets_S1[s] - row_begin);
  }
  batch.row_S.insert(batch.row_S.end(), sequences, row);
  ++cursor_.takes.back().rows;
  if (++next_row_ == rows_.rows()) close_window();
}

}  // namespace rexbert::batch
