#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rexbert/shard/token_stream.h"

namespace rexbert::batch {

// A part of one shard: from token `begin_token` of sample `begin_sample` to before token
// `end_token` of sample `end_sample`. Token offsets are estimates from bytes: a reader clips them
// to the true length of the sample. end_token 0 means that the slice ends with the sample before.
struct Slice {
  int32_t shard = 0;
  int32_t begin_sample = 0;
  int32_t begin_token = 0;
  int32_t end_sample = 0;
  int32_t end_token = 0;

  bool operator==(const Slice&) const = default;
};

// The units that a stream is shuffled in, known before any token is read.
//   shards >= 8 lanes   every shard is a slice; no offset table is read
//   otherwise           about min(1 Mi, tokens / (32 lanes)) tokens, at least 8,192, within one
//                       shard; a document larger than that is cut
struct SliceTable {
  std::vector<Slice> slices;
  int64_t tokens = 0;       // of the stream, estimated from above as bytes / bytes per token
  std::string fingerprint;  // 16 hexadecimal digits over the slices and the shards' sizes
  // By shard, of the offset tables that cut a stream behind a URL; empty elsewhere.
  std::map<size_t, uint64_t> offset_hashes;

  // Estimated tokens of a slice, at least 1.
  int64_t mean_tokens() const;

  // Reads the offset tables unless every shard is a slice; opens a shard only where neither the
  // encoding nor the options say the tokens' type. Throws Error(kNotFound) when there is no sample.
  static SliceTable build(const shard::TokenStream& stream, const shard::TokenColumn& column,
                          int32_t lanes);

  // Whether the table, which was cut before, is of `stream` as its index is now.
  bool is_of(const shard::TokenStream& stream) const;
};

// The slices of one shard from its offset table, each of about `target_tokens`.
std::vector<Slice> cut_shard(int32_t shard, const std::vector<uint32_t>& offsets,
                             int64_t bytes_per_token, int64_t target_tokens);

}  // namespace rexbert::batch
