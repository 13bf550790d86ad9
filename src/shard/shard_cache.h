#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "rexbert/core/clock.h"
#include "rexbert/core/env.h"
#include "rexbert/core/error.h"
#include "rexbert/shard/cache_options.h"
#include "rexbert/shard/download.h"
#include "shard/cache_files.h"
#include "shard/cache_wait.h"

namespace rexbert::shard {

// A full disk: Error(kIo).
class DiskFullError : public Error {
 public:
  explicit DiskFullError(std::string message) : Error(ErrorCode::kIo, std::move(message)) {}
};

// One stream's folder in a cache directory that processes share:
//
//   room.lock                     held while room is made
//   <16 hex digits>-<name>/       one stream: its URL and its index
//     rexbert-cache               marks the folder: only in marked ones are files ever removed
//     shard.00000.mds             whole and checked; whoever uses it holds a shared lock on it
//     shard.00000.mds.partial     on its way; whoever writes it holds shard.00000.mds.lock
//     shard.00000.mds.lock        with a Claim in it: what is reserved, by whom, how far it is
//     shard.00000.mds.offsets     the offset table alone
class ShardCache {
 public:
  enum class Purpose { kNow, kAhead };

  ShardCache(Env& env, const CacheOptions& options, const std::string& folder, Clock& clock);

  const fs::path& folder() const { return folder_; }
  fs::path path(const std::string& basename) const { return folder_ / basename; }

  // Brings a file to partial_path(path).
  using Fetch = std::function<void(const fs::path& path, const DownloadWatch& watch)>;

  // The file of `bytes` bytes, held; brought by `fetch` unless it is there or another thread or
  // process brings it. Sets `fetched` where it was brought.
  //
  // Throws DiskFullError where what is out of use is too little to make room on the disk, and what
  // `fetch` and `wait` throw.
  //
  // What is fetched now may pass the limit, where all else is in use. What is fetched ahead may
  // not: Error(kIo) then, and nothing is removed.
  std::shared_ptr<HeldFile> hold(const std::string& basename, uint64_t bytes, Purpose purpose,
                                 CacheWait& wait, const Fetch& fetch, bool* fetched);

  // Alone among all threads and processes in bringing the file at `path`, which counts as nothing.
  std::unique_ptr<FileLock> lock_alone(const fs::path& path, CacheWait& wait);
  // The same, null where somebody else is.
  std::unique_ptr<FileLock> try_lock_alone(const fs::path& path);

 private:
  struct Survey;

  std::unique_ptr<FileLock> wait_for_lock(const fs::path& lock, CacheWait& wait);
  void fetch_claimed(const fs::path& path, uint64_t bytes, CacheWait& wait, const Fetch& fetch);
  void make_room(const fs::path& path, uint64_t bytes, Purpose purpose, CacheWait& wait,
                 bool disk_is_full = false);
  Survey survey(const fs::path& lock);

  Env& env_;
  Clock& clock_;
  fs::path directory_;
  fs::path folder_;
  uint64_t limit_;
  std::atomic<bool> told_of_limit_ = false;
};

}  // namespace rexbert::shard
