#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/shard/cache_options.h"
#include "rexbert/shard/reader.h"
#include "rexbert/shard/shard_index.h"
#include "rexbert/shard/stream_info.h"
#include "rexbert/shard/value.h"

namespace rexbert::shard {

class RemoteShards;

// Which column holds the tokens, and how.
struct TokenColumn {
  // Default "input_ids": encoding ndarray, ndarray:{uint16,uint32,int32,int64}, either with one
  // dimension, or bytes.
  std::string name = "input_ids";
  // Required for a bytes column and never guessed; otherwise it must agree with the data.
  std::optional<DType> dtype = std::nullopt;
  // Default 0: the sidecar's vocabulary size where there is a sidecar, else 2^31. An id that is not
  // below it is an error.
  int32_t vocabulary = 0;
};

// The tokens of one shard. Immutable, safe for many threads; keeps its file mapped or in memory.
class TokenShard {
 public:
  // Locates every sample's tokens: one touch of each sample. All samples of a shard share one
  // dtype; throws Error(kCorrupt) or Error(kIncompatible) naming file, offset and sample otherwise.
  // `keep` lives as long as the shard does.
  TokenShard(std::shared_ptr<const ShardReader> reader, const TokenColumn& column,
             std::shared_ptr<const void> keep = nullptr);

  uint64_t samples() const { return lengths_.size(); }
  // Tokens of all samples.
  uint64_t tokens() const { return tokens_; }
  // Tokens of one sample.
  uint32_t length(uint64_t sample) const { return lengths_[sample]; }
  DType dtype() const { return dtype_; }
  size_t bytes_per_token() const { return dtype_size(dtype_); }

  // out[i] = token begin + i of the sample, for i in [0, end - begin), widened to 32 bits. Requires
  // begin <= end <= length(sample) (Error(kUsage)). Throws Error(kCorrupt) naming file, offset and
  // sample for an id that is negative or too large.
  void copy(uint64_t sample, uint32_t begin, uint32_t end, int32_t* out) const;

  const ShardReader& reader() const { return *reader_; }

 private:
  [[noreturn]] void throw_bad_token(uint64_t sample, uint32_t begin, uint32_t end) const;

  std::shared_ptr<const void> keep_;
  std::shared_ptr<const ShardReader> reader_;
  DType dtype_ = DType::kUint32;
  uint32_t limit_ = 0;
  uint64_t tokens_ = 0;
  std::vector<uint32_t> begins_;   // byte offset of each sample's first token in the shard
  std::vector<uint32_t> lengths_;  // tokens
};

// One token column over all shards of a stream. Safe for many threads.
class TokenStream {
 public:
  // Reads the index and the sidecar, no shard. Throws Error(kNotFound) when there is no index,
  // Error(kIncompatible) when a shard lacks the column or has it in an encoding that holds no
  // tokens. `directory` may be a URL (http, https, s3), whose shards come by way of the cache.
  static TokenStream open(Env& env, const fs::path& directory, TokenColumn column = {},
                          const CacheOptions& cache = {});
  // The stream that `remote` fetches.
  static TokenStream open(Env& env, std::shared_ptr<RemoteShards> remote, TokenColumn column = {});

  const fs::path& directory() const { return directory_; }
  const Index& index() const { return index_; }
  // The sidecar; nothing where the stream was made by another tool.
  const std::optional<StreamInfo>& info() const { return info_; }

  // From the index alone.
  size_t shards() const { return index_.shards.size(); }
  uint64_t samples() const { return index_.samples(); }
  uint64_t samples(size_t shard) const { return index_.shards.at(shard).samples; }
  uint64_t raw_bytes() const { return index_.raw_bytes(); }
  uint64_t raw_bytes(size_t shard) const { return index_.shards.at(shard).raw_data.bytes; }

  // The byte offsets of a shard's samples (N + 1), from the front of its file alone.
  std::vector<uint32_t> offsets(size_t shard) const;
  // Of a stream behind a URL, by shard: a hash of each table that offsets() returned. A shard that
  // is opened and has another is an error, also in a process that was told of it only.
  std::map<size_t, uint64_t> offset_hashes() const;
  void expect_offsets(const std::map<size_t, uint64_t>& hashes) const;
  // Of a stream behind a URL, waits until the shard is here, or until `stop`, asked several times a
  // second, says so: Error(kInterrupted).
  std::shared_ptr<const TokenShard> open_shard(size_t shard,
                                               const std::function<bool()>& stop = {}) const;
  // Shards that `reader` opens soon, instead of those that it announced before: those behind a URL
  // are fetched in the background.
  void prefetch(const std::vector<size_t>& shards, int64_t reader = 0) const;
  // The same for this shard and the next `more`, for one who reads one after the other.
  void prefetch_behind(size_t shard, size_t more) const;
  bool is_remote() const { return remote_ != nullptr; }

 private:
  TokenStream(Env& env, fs::path directory) : env_(&env), directory_(std::move(directory)) {}
  void check(TokenColumn column);
  std::shared_ptr<const TokenShard> open_held(size_t shard,
                                              const std::function<bool()>& stop) const;

  Env* env_;
  fs::path directory_;
  TokenColumn column_;
  Index index_;
  std::optional<StreamInfo> info_;
  std::shared_ptr<RemoteShards> remote_;  // null where the shards lie in a folder
};

}  // namespace rexbert::shard
