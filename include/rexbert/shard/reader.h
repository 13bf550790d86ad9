#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/shard/shard_index.h"
#include "rexbert/shard/value.h"

namespace rexbert::shard {

struct ReadOptions {
  // Default false. Compare every hash that the index lists; costs a pass over the file for each.
  bool verify_hashes = false;
};

// One shard, its header checked. Immutable, safe for many threads.
class ShardReader {
 public:
  // Maps the raw file, or, where only the compressed one is there, decompresses it into memory.
  // Throws Error(kNotFound) when neither is there and Error(kCorrupt) "path: offset 12: expected
  // ..., got ..." for any difference from the index or the format. Offsets in a compressed file's
  // errors count decompressed bytes.
  static std::shared_ptr<const ShardReader> open(Env& env, const fs::path& directory,
                                                 const ShardInfo& info, ReadOptions options = {});

  const ShardInfo& info() const { return info_; }
  // Names the file in errors.
  const std::string& source() const { return source_; }
  uint64_t samples() const { return info_.samples; }
  size_t columns() const { return encodings_.size(); }
  const Encoding& encoding(size_t column) const { return encodings_[column]; }
  // The whole raw shard.
  std::string_view data() const { return data_; }
  // off[sample], sample in [0, samples()].
  uint32_t offset(uint64_t sample) const;

  // The sample's bytes. Throws Error(kUsage) when there is no such sample.
  std::string_view sample(uint64_t sample) const;
  // The encoded value of one column. Throws Error(kCorrupt) when the sample's lengths do not add
  // up.
  std::string_view column(uint64_t sample, size_t column) const;
  Value value(uint64_t sample, size_t column) const;

  ShardReader(const ShardReader&) = delete;
  ShardReader& operator=(const ShardReader&) = delete;

 private:
  ShardReader() = default;
  [[noreturn]] void fail(uint64_t offset, std::string_view problem) const;

  ShardInfo info_;
  std::string source_;
  std::vector<Encoding> encodings_;
  std::unique_ptr<MappedFile> mapped_;
  std::string decompressed_;
  std::string_view data_;
};

// The offset table off[0..N] of a shard, checked, from the front of the file alone: of the raw
// file, or of a zstd or gz one, decompressed no further; other compressions are decompressed whole.
std::vector<uint32_t> read_offsets(Env& env, const fs::path& directory, const ShardInfo& info);

}  // namespace rexbert::shard
