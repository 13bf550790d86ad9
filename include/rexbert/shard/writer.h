#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/compression.h"
#include "rexbert/core/env.h"
#include "rexbert/shard/shard_index.h"
#include "rexbert/shard/value.h"

namespace rexbert::shard {

struct WriterOptions {
  // Required. Values come in this order; the file holds the columns sorted by name. `size` is
  // derived from the encoding and may stay empty.
  std::vector<Column> columns = {};
  // Default none. "algorithm" or "algorithm:level", see core/compression.h. zstd costs about 0.2 s
  // for a shard of 64 MiB and halves token columns of 32 bits.
  std::string compression = {};
  // Default none. Algorithms of core/hash.h, sorted; each costs one pass over the raw and one over
  // the compressed bytes.
  std::vector<std::string> hashes = {};
  // Default 64 MiB, in raw bytes; a shard is closed before it would grow larger (a single larger
  // sample makes a larger shard). Nothing: one shard. Below 4 GiB. Memory: about three times this.
  std::optional<uint64_t> size_limit = uint64_t{1} << 26;
};

// Writes the samples given to write() as shards, and the index last; bytes as the reference writer
// (streaming.MDSWriter) gives for the same samples and options, compressed bytes aside.
//
// Shard files are published one by one, whole. To continue a killed job, give the infos of its
// published shards (from a journal of one's own or from published_shards()) and write the samples
// that follow: the directory ends with the same bytes as without the kill.
class MdsWriter {
 public:
  // Creates the directory. Throws Error(kUsage) for options that cannot be written and when the
  // directory already holds an index.
  MdsWriter(Env& env, fs::path directory, WriterOptions options,
            std::vector<ShardInfo> finished = {});

  // Appends one sample. Returns true when that first published a shard, which holds the samples
  // before this one. Throws Error(kUsage) when a value does not fit its column, naming the column,
  // or when the shard would pass 4 GiB; the writer is then as before the call.
  bool write(std::span<const Value> values);

  // Publishes the samples since the last shard as a shard of its own, if there are any. For what
  // must be written between the last shard and the index, as the sidecar is.
  void publish_pending();

  // Publishes the last shard and the index; the writer is done. Returns the index.
  Index finish();

  // Shards published so far, the finished ones given included.
  const std::vector<ShardInfo>& shards() const { return shards_; }
  // Samples and raw bytes of the shard being filled.
  uint64_t pending_samples() const { return ends_.size(); }
  uint64_t pending_bytes() const { return shard_bytes_; }

 private:
  void encode_sample(std::span<const Value> values);
  void flush();
  std::string raw_shard() const;
  uint64_t empty_shard_bytes() const { return 8 + config_.size(); }

  Env& env_;
  fs::path directory_;
  ShardInfo template_;  // what every shard's entry shares
  CompressionSpec compression_;
  std::vector<Encoding> encodings_;  // in file order
  std::vector<size_t> value_of_;     // file order -> order of the caller's columns
  std::string config_;               // the header's JSON
  std::string samples_;              // encoded, end to end
  std::vector<uint64_t> ends_;       // end of each sample in samples_
  uint64_t shard_bytes_ = 0;         // size of the file that samples_ would make
  std::vector<ShardInfo> shards_;
  std::string encoded_;  // the sample at hand
};

// The entries of the shards 0, 1, ... that a writer with these options published in `directory`, up
// to the first that is missing, made from the files themselves (read whole, decompressed, hashed).
// A shard with other columns or options, or a damaged one, is Error(kCorrupt).
std::vector<ShardInfo> published_shards(Env& env, const fs::path& directory,
                                        const WriterOptions& options);

}  // namespace rexbert::shard
