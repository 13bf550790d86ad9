#pragma once

#include <cstdint>
#include <string>

#include "rexbert/config/schema.h"
#include "rexbert/shard/cache_options.h"

namespace rexbert::batch {

// One entry of `streams:`; its name is the key that the mixtures use.
struct StreamOptions {
  // Required. Folder with index.json and the shards, as `rexbert tokenize` writes it, or the URL of
  // one: s3://, http:// or https://.
  std::string path = {};
  // Default "input_ids". The column that holds the token ids.
  std::string column = "input_ids";
  // Default empty: as the shards say. Needed for a column of plain bytes, which does not say:
  // uint16, uint32, int32 or int64.
  std::string dtype = {};
  // Default empty: the shards carry the fingerprint of their tokenizer (rexbert.json). For shards
  // of other tools: the fingerprint or the path of the run's tokenizer, to declare that it made
  // them.
  std::string tokenizer = {};
  // Of a stream behind a URL: where its shards are kept.
  shard::CacheOptions cache = {};
  // Default 1, in windows. Of a stream behind a URL: how many of each lane's next windows are
  // fetched ahead; of a held-out one, how many of its next shards.
  int32_t lookahead = 1;
};

// data.micro_tokens: auto.
inline constexpr int64_t kAutoMicroTokens = 0;

// The block `data:`.
struct DataOptions {
  // Default 192. Independent readers of the data; every batch is a multiple of it and the number of
  // ranks divides it. More lanes mix better and cost memory for a window each (window_rows).
  int32_t lanes = 192;
  // Default 64, in rows. What a lane packs at once, where the stream is large enough: more waste
  // less and cut fewer documents. Costs about 50 bytes for each of its documents, and the shards
  // that they lie in stay open.
  int32_t window_rows = 64;
  // Default 16,384, in tokens. A micro-batch takes as many rows as fit, at least one. Activation
  // memory grows with it.
  int64_t micro_tokens = 16'384;
  // Default 2, in steps. Steps that a background thread makes ahead, of small ones as many as hold
  // 512 Ki tokens of a rank; 0: none and no thread. About 12 bytes for each of their tokens.
  int32_t prefetch_steps = 2;
};

void describe(config::Schema<StreamOptions>& schema);
void describe(config::Schema<DataOptions>& schema);

}  // namespace rexbert::batch
