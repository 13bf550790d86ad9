#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "rexbert/core/clock.h"
#include "rexbert/core/env.h"
#include "rexbert/shard/cache_options.h"
#include "shard/cache_files.h"

namespace rexbert::shard {

// One stream's folder in a cache directory that processes share:
//
//   room.lock                     held while room is made
//   <16 hex digits>-<name>/       one stream: its URL and its index
//     shard.00000.mds             whole and checked; whoever uses it holds a shared lock on it
//     shard.00000.mds.partial     on its way; whoever writes it holds shard.00000.mds.lock
//     shard.00000.mds.lock        as large as what is reserved for the file on its way
//     shard.00000.mds.offsets     the offset table alone
class ShardCache {
 public:
  enum class Purpose { kNow, kAhead };

  // What is fetched now may pass the limit, where all else is in use; what is fetched ahead may
  // not: hold() throws Error(kIo) then.
  ShardCache(Env& env, const CacheOptions& options, const std::string& folder, Purpose purpose,
             Clock& clock);

  const fs::path& folder() const { return folder_; }
  fs::path path(const std::string& basename) const { return folder_ / basename; }

  // The file of `bytes` bytes, held; brought by `fetch(path)`, which leaves it at
  // partial_path(path), unless it is there or another thread or process brings it. Sets `fetched`
  // where it was brought.
  std::shared_ptr<HeldFile> hold(const std::string& basename, uint64_t bytes,
                                 const std::function<void(const fs::path&)>& fetch, bool* fetched);

 private:
  std::unique_ptr<FileLock> wait_for_lock(const fs::path& lock, const fs::path& wanted);
  void make_room(const fs::path& lock, uint64_t bytes);

  Env& env_;
  Clock& clock_;
  fs::path directory_;
  fs::path folder_;
  uint64_t limit_;
  Purpose purpose_;
  std::atomic<bool> told_of_limit_ = false;
};

}  // namespace rexbert::shard
