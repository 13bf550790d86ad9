#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/clock.h"
#include "rexbert/core/env.h"
#include "rexbert/net/storage.h"
#include "rexbert/shard/cache_options.h"
#include "rexbert/shard/shard_index.h"
#include "rexbert/shard/stream_info.h"

namespace rexbert::shard {

// A stream behind a URL, its shards fetched into a cache on this machine when they are needed or
// announced (docs/object-storage.md). Safe for many threads; processes share the cache.
class RemoteShards {
 public:
  // Reads index and sidecar from there. Throws Error(kNotFound) when there is no index,
  // Error(kConfig) for a cache smaller than a shard, and what net::Storage throws.
  static std::shared_ptr<RemoteShards> open(Env& env, const std::string& url,
                                            const CacheOptions& options = {},
                                            const net::Options& http = net::storage_options(),
                                            Clock& clock = Clock::steady());
  ~RemoteShards();
  RemoteShards(const RemoteShards&) = delete;
  RemoteShards& operator=(const RemoteShards&) = delete;

  const std::string& url() const;
  std::string url(size_t shard) const;
  const Index& index() const;
  const std::optional<StreamInfo>& info() const;

  // A shard's file as the index says it is stored, whole and checked, which stays while the object
  // lives.
  struct Held {
    fs::path folder;  // to be opened with the shard's entry in the index
    std::shared_ptr<const void> lock;
  };
  // Waits until it is there. Throws Error(kCorrupt) for one that arrives damaged again and again,
  // Error(kNotFound) for one that the index lists and the storage lacks, Error(kIo) for storage
  // that does not answer and for a full disk, Error(kInterrupted) once `stop`, which is asked
  // several times a second, says so.
  Held hold(size_t shard, const std::function<bool()>& stop = {});
  // Forgets the cached file of a shard that turned out to be damaged.
  void discard(size_t shard);
  // Fetches these in the background, in this order, as far as the cache's limit goes; failures wait
  // for hold() to tell them. They stay in the cache until hold() or until `reader` announces
  // others: what it announced before is forgotten.
  void prefetch(const std::vector<size_t>& shards, int64_t reader = 0);

  // The offset table of a shard, for which only its front is fetched, once.
  std::vector<uint32_t> offsets(size_t shard);
  // By shard, a hash of each table that offsets() returned.
  std::map<size_t, uint64_t> offset_hashes() const;
  // Instead of calling offsets(): the hashes of another process that did.
  void expect_offsets(const std::map<size_t, uint64_t>& hashes);
  // Throws Error(kIncompatible) unless the raw shard `data` begins with the table that offsets()
  // returned, or that is expected, if there is one: no hash of the shard could be compared then.
  void check_offsets(size_t shard, std::string_view data);

  struct Traffic {
    uint64_t shards = 0;        // fetched by this process
    uint64_t bytes = 0;         // of them
    double waited_seconds = 0;  // in hold(), for a shard that was not there
  };
  Traffic traffic() const;

 private:
  class Impl;
  explicit RemoteShards(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rexbert::shard
