#include "rexbert/batch/pack.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

int32_t length_of(const TokenRange& chunk) { return chunk.tokens() + kChunkOverhead; }

void shuffle(std::vector<uint32_t>& items, KeyedRng& rng) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[rng.next_below(i)]);
}

// Sorts and joins what touches; so a document cut for a shorter context, or by a window's end, is
// whole again.
void join_neighbours(std::vector<TokenRange>& ranges) {
  std::sort(ranges.begin(), ranges.end());
  size_t kept = 0;
  for (const TokenRange& range : ranges) {
    if (kept > 0) {
      TokenRange& last = ranges[kept - 1];
      if (last.epoch == range.epoch && last.shard == range.shard && last.sample == range.sample &&
          last.end == range.begin) {
        last.end = range.end;
        continue;
      }
    }
    ranges[kept++] = range;
  }
  ranges.resize(kept);
}

std::vector<TokenRange> cut_to_chunks(const std::vector<TokenRange>& ranges, int32_t longest) {
  std::vector<TokenRange> chunks;
  chunks.reserve(ranges.size());
  for (const TokenRange& range : ranges) {
    TokenRange chunk = range;
    while (range.end - chunk.begin > longest) {
      const int32_t rest = range.end - chunk.begin - longest;
      chunk.end = chunk.begin + longest - std::max(0, kMinPiece - rest);
      chunks.push_back(chunk);
      chunk.begin = chunk.end;
    }
    chunk.end = range.end;
    chunks.push_back(chunk);
  }
  return chunks;
}

// Chunk indices by falling length, equal lengths in shuffled order.
std::vector<uint32_t> by_falling_length(const std::vector<TokenRange>& chunks, int32_t context,
                                        KeyedRng& rng) {
  std::vector<uint32_t> shuffled(chunks.size());
  std::iota(shuffled.begin(), shuffled.end(), 0u);
  shuffle(shuffled, rng);
  std::vector<uint32_t> place(static_cast<size_t>(context) + 2, 0);
  const auto bucket = [&](uint32_t chunk) {
    return static_cast<size_t>(context - length_of(chunks[chunk]));
  };
  for (const uint32_t chunk : shuffled) ++place[bucket(chunk) + 1];
  std::partial_sum(place.begin(), place.end(), place.begin());
  std::vector<uint32_t> sorted(chunks.size());
  for (const uint32_t chunk : shuffled) sorted[place[bucket(chunk)]++] = chunk;
  return sorted;
}

// Rows by the size of their hole; the smallest hole that is large enough in a few word operations.
class HoleIndex {
 public:
  explicit HoleIndex(int32_t context)
      : first_(static_cast<size_t>(context) + 1, kNone), words_(first_.size() / 64 + 1, 0) {}

  static constexpr uint32_t kNone = ~uint32_t{0};

  void add(uint32_t row, int32_t hole) {
    if (row >= next_.size()) next_.resize(row + 1, kNone);
    const auto at = static_cast<size_t>(hole);
    next_[row] = first_[at];
    first_[at] = row;
    words_[at / 64] |= uint64_t{1} << (at % 64);
  }

  // Removes and returns a row with the smallest hole of at least `length`; `hole` receives it.
  uint32_t take(int32_t length, int32_t& hole) {
    const auto from = static_cast<size_t>(length);
    uint64_t masked = words_[from / 64] & ~uint64_t{0} << (from % 64);
    for (size_t word = from / 64;; masked = words_[word]) {
      if (masked != 0) {
        const size_t at = word * 64 + static_cast<size_t>(std::countr_zero(masked));
        const uint32_t row = first_[at];
        first_[at] = next_[row];
        if (first_[at] == kNone) words_[word] &= ~(uint64_t{1} << (at % 64));
        hole = static_cast<int32_t>(at);
        return row;
      }
      if (++word == words_.size()) return kNone;
    }
  }

 private:
  std::vector<uint32_t> first_;  // by hole
  std::vector<uint32_t> next_;   // by row
  std::vector<uint64_t> words_;  // bit h: some row has hole h
};

struct BestFit {
  std::vector<uint32_t> row_of;  // by chunk
  std::vector<int32_t> hole;     // by row
};

BestFit best_fit(const std::vector<TokenRange>& chunks, const std::vector<uint32_t>& order,
                 int32_t context) {
  BestFit fit;
  fit.row_of.resize(chunks.size());
  HoleIndex holes(context);
  for (const uint32_t chunk : order) {
    int32_t hole = context;
    uint32_t row = holes.take(length_of(chunks[chunk]), hole);
    if (row == HoleIndex::kNone) {
      row = static_cast<uint32_t>(fit.hole.size());
      fit.hole.push_back(context);
      hole = context;
    }
    hole -= length_of(chunks[chunk]);
    fit.hole[row] = hole;
    fit.row_of[chunk] = row;
    holes.add(row, hole);
  }
  return fit;
}

// Lays chunks end to end into rows and cuts them at the rows' ends (step 3 of pack_rows).
class Refill {
 public:
  Refill(int32_t context, PackedRows& out) : context_(context), out_(out), hole_(context) {}

  void add(TokenRange chunk) {
    while (true) {
      const int32_t rest = hole_ - length_of(chunk);
      if (rest >= kOpenHole || (rest >= 0 && rest <= allowed_hole(context_))) {
        place(chunk);
        return;
      }
      if (rest >= 0) {
        place_with_awkward_rest(chunk, rest);
        return;
      }
      if (!finishing_ && leaves_sliver(chunk)) {
        late_.push_back(chunk);  // another one may fit better
        return;
      }
      chunk = place_head(chunk);
    }
  }

  // What was set aside, and the last row, which waits.
  void finish() {
    finishing_ = true;
    while (!late_.empty()) {  // only tails, too short to leave another, come back once
      const std::vector<TokenRange> late = std::exchange(late_, {});
      for (const TokenRange& chunk : late) add(chunk);
    }
    out_.waiting = std::move(row_);
  }

 private:
  // A hole that a piece of kMinPiece tokens fits into.
  static constexpr int32_t kOpenHole = kMinPiece + kChunkOverhead;

  void place(const TokenRange& chunk) {
    row_.push_back(chunk);
    hole_ -= length_of(chunk);
    if (hole_ <= std::max(allowed_hole(context_), kChunkOverhead)) close();
  }

  void close() {
    out_.chunks.insert(out_.chunks.end(), row_.begin(), row_.end());
    out_.row_begin.push_back(static_cast<uint32_t>(out_.chunks.size()));
    row_.clear();
    hole_ = context_;
  }

  // Tokens that the rest of the chunk would lack to be a piece if the row took what fits.
  int32_t rest_short_of_piece(const TokenRange& chunk) const {
    return std::max(0, kMinPiece - (chunk.tokens() - (hole_ - kChunkOverhead)));
  }

  // The row may stay open by so many tokens and still count as full.
  bool may_shorten(int32_t tokens) const {
    return tokens <= allowed_hole(context_) && hole_ - kChunkOverhead - tokens >= kMinPiece;
  }

  bool leaves_sliver(const TokenRange& chunk) const {
    const int32_t short_of = rest_short_of_piece(chunk);
    return short_of > 0 && !may_shorten(short_of);
  }

  // Fills the row with the chunk's front and returns the rest.
  TokenRange place_head(TokenRange chunk) {
    const int32_t short_of = rest_short_of_piece(chunk);
    TokenRange head = chunk;
    head.end = chunk.begin + hole_ - kChunkOverhead - (may_shorten(short_of) ? short_of : 0);
    chunk.begin = head.end;
    place(head);
    return chunk;
  }

  // The chunk fits, but leaves too much to be full and too little for another piece: its tail goes
  // to a later row, so that another piece fits; a chunk too short for that leaves the small hole to
  // a smaller piece.
  void place_with_awkward_rest(TokenRange chunk, int32_t rest) {
    const int32_t tail = std::max(kMinPiece, kOpenHole - rest);
    if (chunk.tokens() >= tail + kMinPiece) {
      TokenRange set_aside = chunk;
      chunk.end -= tail;
      set_aside.begin = chunk.end;
      late_.push_back(set_aside);
    }
    place(chunk);
  }

  int32_t context_;
  PackedRows& out_;
  int32_t hole_;
  std::vector<TokenRange> row_;
  std::vector<TokenRange> late_;
  bool finishing_ = false;
};

void order_rows(PackedRows& packed, KeyedRng& rng) {
  std::vector<uint32_t> order(static_cast<size_t>(packed.rows()));
  std::iota(order.begin(), order.end(), 0u);
  shuffle(order, rng);
  std::vector<TokenRange> chunks;
  chunks.reserve(packed.chunks.size());
  std::vector<uint32_t> row_begin = {0};
  row_begin.reserve(order.size() + 1);
  for (const uint32_t row : order) {
    const auto source = packed.row(row);
    chunks.insert(chunks.end(), source.begin(), source.end());
    row_begin.push_back(static_cast<uint32_t>(chunks.size()));
  }
  packed.chunks = std::move(chunks);
  packed.row_begin = std::move(row_begin);
}

}  // namespace

std::span<const TokenRange> PackedRows::row(int64_t index) const {
  const auto at = static_cast<size_t>(index);
  return {chunks.data() + row_begin[at], chunks.data() + row_begin[at + 1]};
}

PackedRows pack_rows(std::vector<TokenRange> ranges, int32_t context_length, KeyedRng rng) {
  if (context_length < kMinContextLength) {
    throw Error(ErrorCode::kUsage, str_cat("expected a context length of at least ",
                                           kMinContextLength, ", got ", context_length));
  }
  join_neighbours(ranges);
  const std::vector<TokenRange> chunks = cut_to_chunks(ranges, context_length - kChunkOverhead);
  const std::vector<uint32_t> order = by_falling_length(chunks, context_length, rng);
  const BestFit fit = best_fit(chunks, order, context_length);

  PackedRows packed;
  std::vector<uint32_t> place(fit.hole.size() + 1, 0);  // of each full row's next chunk
  const auto is_full = [&](uint32_t row) { return fit.hole[row] <= allowed_hole(context_length); };
  for (const uint32_t row : fit.row_of) place[row + 1] += is_full(row) ? 1 : 0;
  std::partial_sum(place.begin(), place.end(), place.begin());
  for (uint32_t row = 0; row < fit.hole.size(); ++row) {
    if (is_full(row)) packed.row_begin.push_back(place[row + 1]);
  }
  packed.chunks.resize(place.back());
  for (const uint32_t chunk : order) {
    const uint32_t row = fit.row_of[chunk];
    if (is_full(row)) packed.chunks[place[row]++] = chunks[chunk];
  }

  // The longest last: what waits is then few ranges.
  Refill refill(context_length, packed);
  for (auto chunk = order.rbegin(); chunk != order.rend(); ++chunk) {
    if (!is_full(fit.row_of[*chunk])) refill.add(chunks[*chunk]);
  }
  refill.finish();
  order_rows(packed, rng);
  return packed;
}

}  // namespace rexbert::batch
