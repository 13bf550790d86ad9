#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/batch/slices.h"
#include "rexbert/core/json.h"

namespace rexbert::batch {

// Tokens [begin, end) of one sample, read in one epoch. Content only: no [CLS] at the sample's
// start and no [SEP] at its end.
struct TokenRange {
  int32_t epoch = 0;
  int32_t shard = 0;
  int32_t sample = 0;
  int32_t begin = 0;
  int32_t end = 0;

  int32_t tokens() const { return end - begin; }
  auto operator<=>(const TokenRange&) const = default;
};

// Rows handed out of a window while it was packed for one context length.
struct Take {
  int32_t context_length = 0;
  int64_t rows = 0;

  bool operator==(const Take&) const = default;
};

// How far one lane has read one stream; with the config and the seed it says everything.
struct LaneCursor {
  // First entry of the window among the lane's entries of the endless slice sequence.
  int64_t first_entry = 0;
  // What did not fill a row before the window: less than one row.
  std::vector<TokenRange> carry = {};
  // Empty: the window is still to be opened. One entry more each time the context length changed in
  // the middle of the window.
  std::vector<Take> takes = {};

  bool operator==(const LaneCursor&) const = default;
};

struct StreamState {
  // Of the stream's slices: shards, sizes and lanes. Another one is other data.
  std::string fingerprint;
  std::map<int32_t, LaneCursor> lanes;
  // Those of the fingerprint, of a stream behind a URL whose offset tables it takes to cut them;
  // null elsewhere, as where the first rank reads the stream from a folder.
  std::shared_ptr<const SliceTable> slices = nullptr;

  bool operator==(const StreamState& other) const {
    return fingerprint == other.fingerprint && lanes == other.lanes;
  }
};

inline constexpr int kLoaderStateVersion = 2;  // 1 had no slices

// The loader's whole state between two steps: of all lanes, or, as one rank returns it, of those
// that the rank serves. It does not depend on the number of ranks.
struct LoaderState {
  int64_t next_step = 0;
  // What the order hangs on besides the data; a loader with others refuses the state.
  uint64_t seed = 0;
  int32_t lanes = 0;
  int32_t window_rows = 0;
  std::map<std::string, StreamState> streams = {};  // by name

  bool operator==(const LoaderState&) const = default;

  // docs/formats/loader-state.md; one line of text.
  std::string dump() const;
  // Strict; `source` names the text. Throws Error(kCorrupt) for anything but what dump() writes and
  // Error(kIncompatible) for another version than this and the first.
  static LoaderState parse(std::string_view text, std::string_view source);

  // All but the slices, which are the same at every rank.
  LoaderState cursors() const;

  // The union of what several ranks returned after the same step. Error(kIncompatible) when they
  // are not of one run and step or two hold the same lane of a stream.
  static LoaderState merge(const std::vector<LoaderState>& parts);

  // For logs: each stream's first entry and epoch of the hindmost and the foremost lane.
  Json summary() const;
};

}  // namespace rexbert::batch
