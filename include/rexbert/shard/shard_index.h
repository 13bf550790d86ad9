#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"

namespace rexbert::shard {

inline constexpr std::string_view kIndexFile = "index.json";

struct Column {
  std::string name;
  std::string encoding;
  std::optional<uint32_t> size = std::nullopt;  // bytes of every value; nothing where they differ

  bool operator==(const Column&) const = default;
};

// One file of a shard, raw or compressed.
struct FileInfo {
  std::string basename;  // relative to the stream's directory; may hold '/', never leaves it
  uint64_t bytes = 0;
  std::map<std::string, std::string> hashes;  // algorithm -> hex

  bool operator==(const FileInfo&) const = default;
};

// One entry of index.json.
struct ShardInfo {
  std::vector<Column> columns;  // sorted by name
  std::string compression;      // "zstd", "zstd:7", ...; empty: none
  std::vector<std::string> hashes;
  uint64_t samples = 0;
  std::optional<uint64_t> size_limit;
  FileInfo raw_data;
  std::optional<FileInfo> zip_data;

  bool operator==(const ShardInfo&) const = default;

  // The bytes on disk: of the compressed file where there is one.
  uint64_t stored_bytes() const { return zip_data ? zip_data->bytes : raw_data.bytes; }
};

// The claims that a shard's own header repeats: all of the entry but samples and files.
Json shard_config(const ShardInfo& info);
Json shard_info_to_json(const ShardInfo& info);
// Strict: an unknown, missing or mistyped key, another version or format, unsorted columns, a
// column size that is not its encoding's, or a file name that leaves the directory is
// Error(kCorrupt), or kIncompatible where it is another version; the message starts with `source`.
ShardInfo shard_info_from_json(const Json& json, std::string_view source);

// Index.json of a stream.
struct Index {
  std::vector<ShardInfo> shards;

  bool operator==(const Index&) const = default;

  uint64_t samples() const;
  uint64_t raw_bytes() const;
  uint64_t stored_bytes() const;

  // Error(kNotFound) when the directory holds no index: "not a finished stream of shards".
  static Index load(Env& env, const fs::path& directory);
  static Index parse(std::string_view text, std::string_view source);
  std::string dump() const;
  // Atomic; to be called after all shard files are in place.
  void save(Env& env, const fs::path& directory) const;

  // One index over root/partition/index.json for each partition, in the order given, file names
  // prefixed with the partition. Partitions are relative paths inside `root`; streams with other
  // columns than the first's are Error(kIncompatible).
  static Index merge(Env& env, const fs::path& root, const std::vector<std::string>& partitions);
};

// Throws Error(kCorrupt) unless `basename` is a relative path that stays in its directory.
void check_basename(std::string_view basename, std::string_view source);

}  // namespace rexbert::shard
