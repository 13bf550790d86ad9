#pragma once

#include <cstdint>
#include <vector>

namespace rexbert::batch {

// Where a sequence comes from: what forensics and replay name, and what its masking is keyed by.
struct SampleId {
  int32_t stream = 0;  // index in the run's stream order
  int32_t epoch = 0;   // how often the stream had been read through before
  int32_t shard = 0;
  int32_t sample = 0;  // in the shard
  int32_t token = 0;   // first content token of the chunk inside the sample
  // StreamSource::key(): masks depend on a stream's name, not on which others there are.
  uint32_t stream_key = 0;

  bool operator==(const SampleId&) const = default;
};

// One micro-batch of one rank. Sequences lie end to end; nothing is padding.
// T tokens, S sequences, M masked tokens (legend: docs/style.md).
struct PackedBatch {
  std::vector<int32_t> tokens_T;     // input ids, masking applied
  std::vector<int32_t> positions_T;  // position inside its own sequence
  std::vector<int32_t> offsets_S1;   // S + 1 boundaries ("cu_seqlens"); offsets_S1[S] == T
  std::vector<int32_t> masked_M;     // ascending indices into T that the loss is taken at
  std::vector<int32_t> targets_M;    // the original ids there
  std::vector<SampleId> sample_S;    // where each sequence comes from
  std::vector<int64_t> row_S;        // row of the run each sequence lies in
  std::vector<int32_t> row_start_S;  // position in its row of each sequence's first token
  int32_t longest = 0;               // longest sequence, tokens

  int64_t tokens() const { return static_cast<int64_t>(tokens_T.size()); }
  int64_t sequences() const { return static_cast<int64_t>(sample_S.size()); }
};

}  // namespace rexbert::batch
