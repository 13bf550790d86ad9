#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/shard/reader.h"
#include "rexbert/shard/shard_index.h"
#include "rexbert/shard/stream_info.h"

namespace rexbert::shard {

struct VerifyReport {
  std::vector<std::string> problems;  // each with file and offset; empty: the stream is sound
  uint64_t shards = 0;
  uint64_t samples = 0;            // decoded
  uint64_t bytes = 0;              // read, raw
  std::optional<uint64_t> tokens;  // in the column input_ids, where it holds tokens

  bool ok() const { return problems.empty(); }
};

// Reads the whole stream: sizes and hashes of the raw and the compressed form, headers, every value
// of every sample, and the sidecar's counts. Damage becomes a problem and the next shard follows.
// `progress(shards done, shards)` is called after each shard.
// Throws when index or sidecar cannot be read: Error(kNotFound) where there is no index.
VerifyReport verify_stream(Env& env, const fs::path& directory,
                           const std::function<void(uint64_t, uint64_t)>& progress = {});

struct StreamDescription {
  uint64_t shards = 0;
  uint64_t samples = 0;
  uint64_t raw_bytes = 0;
  uint64_t stored_bytes = 0;
  std::vector<Column> columns;           // of the first shard
  std::vector<std::string> compression;  // all that occur; "none" for uncompressed shards
  std::vector<std::string> hashes;       // of the first shard
  std::optional<uint64_t> size_limit;    // of the first shard, bytes
  std::optional<StreamInfo> info;
};

// From the index and the sidecar alone.
StreamDescription describe_stream(Env& env, const fs::path& directory);

struct RenderOptions {
  // Default 32. Array elements and 8 x as many bytes of text shown before "..."; 0: all.
  size_t limit = 32;
};

// One sample as text, a line for each column: "input_ids  ndarray:uint32  uint32[3]  50281 7
// 50282".
std::string render_sample(const ShardReader& reader, uint64_t sample, RenderOptions options = {});

}  // namespace rexbert::shard
