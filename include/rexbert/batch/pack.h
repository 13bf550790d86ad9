#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rexbert/batch/loader_state.h"
#include "rexbert/core/philox.h"

namespace rexbert::batch {

// A chunk takes its content and [CLS] and [SEP].
inline constexpr int32_t kChunkOverhead = 2;
// Cutting leaves no piece of less content than this, unless it must.
inline constexpr int32_t kMinPiece = 8;
inline constexpr int32_t kMinContextLength = 16;

// A row counts as full when at most this many of its tokens are not used: 1/128.
constexpr int32_t allowed_hole(int32_t context_length) { return context_length / 128; }

// Chunks by row, and what is left for later.
struct PackedRows {
  std::vector<TokenRange> chunks;         // rows end to end
  std::vector<uint32_t> row_begin = {0};  // rows() + 1 indices into chunks
  std::vector<TokenRange> waiting;        // fills less than one row

  int64_t rows() const { return static_cast<int64_t>(row_begin.size()) - 1; }
  std::span<const TokenRange> row(int64_t index) const;
};

// Packs ranges of documents, in any order, into rows of `context_length` = c tokens:
//   1. neighbouring ranges of a sample are joined, then cut into chunks of at most c - 2;
//   2. best fit decreasing: the chunks by length, equal lengths in keyed order, each into the
//      fullest row that holds it;
//   3. the chunks of rows that are not full are laid end to end and cut where a row ends, until
//      they do not fill another row: these wait;
//   4. the rows are put in keyed order.
// sum over chunks of a row of (tokens + 2) is in [c - allowed_hole(c), c]; every token of `ranges`
// is in `chunks` or `waiting` once. (For c below 256 a hole of 1 or 2 can be unavoidable.)
// O(n log n) for n chunks. Throws Error(kUsage) for c < kMinContextLength.
PackedRows pack_rows(std::vector<TokenRange> ranges, int32_t context_length, KeyedRng rng);

}  // namespace rexbert::batch
