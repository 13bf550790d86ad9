#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rexbert/core/env.h"

namespace rexbert {

enum class Compression { kNone, kZstd, kGzip, kBzip2, kBrotli, kSnappy };

// An algorithm with its level, written "zstd" or "zstd:7" as MDS does. Levels and defaults: zstd
// 1-22 (3), gz 0-9 (9), bz2 1-9 (9), br 0-11 (11), snappy none.
struct CompressionSpec {
  Compression algorithm = Compression::kNone;
  int level = 0;
};

// Parses "zstd:7"; an empty text is no compression. Throws Error(kUsage) for an unknown algorithm
// or a level out of range.
CompressionSpec parse_compression(std::string_view text);
// The algorithm's name, which is also the file extension in MDS: "zstd", "gz", "bz2", "br",
// "snappy".
std::string_view compression_name(Compression algorithm);

std::string compress(const CompressionSpec& spec, std::string_view data);

// The whole decompressed contents. `source` names the data in errors. Throws Error(kCorrupt) when
// the data is damaged or truncated, or when its size is not `expected_size`.
std::string decompress(Compression algorithm, std::string_view data,
                       std::optional<uint64_t> expected_size, std::string_view source);

// The whole decompressed contents, of any size up to `max_size` bytes; Error(kCorrupt) for more.
std::string decompress_at_most(Compression algorithm, std::string_view data, uint64_t max_size,
                               std::string_view source);

// Bytes in sequence, decompressed on the fly with bounded memory.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills up to `capacity` bytes and returns how many; 0 only at the end. Throws Error(kCorrupt)
  // with the path and the compressed offset when the data is damaged or ends in the middle.
  virtual size_t read(char* out, size_t capacity) = 0;
};

// Opens a text input by its extension: .zst and .zstd, .gz, anything else as it is; "-" is standard
// input.
std::unique_ptr<ByteSource> open_byte_source(Env& env, const fs::path& path);

}  // namespace rexbert
