#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/shard/shard_index.h"

namespace rexbert::shard {

// The raw bytes of a shard in memory, whatever form they have on disk.
struct RawShard {
  std::string source;  // names the bytes in errors
  std::unique_ptr<MappedFile> mapped;
  std::string decompressed;

  std::string_view data() const { return mapped ? mapped->data() : decompressed; }
};

// The file that a shard is stored as.
inline const FileInfo& stored_file(const ShardInfo& info) {
  return info.zip_data ? *info.zip_data : info.raw_data;
}

// A mapped file of the size that the index says; Error(kCorrupt) otherwise.
std::unique_ptr<MappedFile> map_shard_file(Env& env, const fs::path& directory,
                                           const FileInfo& file);

// The compressed file's contents, decompressed.
RawShard decompress_shard(std::string_view zip, const fs::path& directory, const ShardInfo& info);

// Where each hash of `file` differs from that of `data`: "path: offset 0: sha1 of 12 bytes:
// expected
// ..., got ...".
std::vector<std::string> hash_problems(std::string_view data, const FileInfo& file,
                                       std::string_view source);

// Size of the raw shard's head that holds N and off[0..N].
inline uint64_t offset_table_bytes(uint64_t samples) { return 4 + 4 * (samples + 1); }

// Throws Error(kCorrupt) when the index claims more samples than the file has room for: to be
// called before memory is taken for the table.
void check_sample_count(const ShardInfo& info, std::string_view source);

// Checks N and off[0..N] at the front of `head`, which holds at least offset_table_bytes(N) bytes,
// against the index. Throws Error(kCorrupt) with the byte offset.
void check_offset_table(std::string_view head, const ShardInfo& info, std::string_view source);

// The same for a whole raw shard, and its JSON header against the index.
void check_shard(std::string_view data, const ShardInfo& info, std::string_view source);

[[noreturn]] void throw_at(std::string_view source, uint64_t offset, std::string_view problem);

uint32_t load_u32(const char* at);

}  // namespace rexbert::shard
