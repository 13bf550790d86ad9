#include "shard/shard_cache.h"

#include <chrono>
#include <utility>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/shard/download.h"

namespace rexbert::shard {
namespace {

constexpr auto kLook = std::chrono::milliseconds(20);
constexpr auto kStuck = std::chrono::minutes(10);

bool ends_with(const fs::path& path, std::string_view end) { return path.native().ends_with(end); }

fs::path lock_path(const fs::path& path) { return path.string() + ".lock"; }

// The file whose partial this is.
fs::path whole_path(const fs::path& partial) {
  const std::string& text = partial.native();
  return text.substr(0, text.size() - std::string_view(".partial").size());
}

}  // namespace

ShardCache::ShardCache(Env& env, const CacheOptions& options, const std::string& folder,
                       Purpose purpose, Clock& clock)
    : env_(env),
      clock_(clock),
      directory_(options.resolved_directory()),
      folder_(directory_ / folder),
      limit_(static_cast<uint64_t>(options.limit)),
      purpose_(purpose) {
  env_.create_directories(folder_);
}

std::shared_ptr<HeldFile> ShardCache::hold(const std::string& basename, uint64_t bytes,
                                           const std::function<void(const fs::path&)>& fetch,
                                           bool* fetched) {
  const fs::path path = this->path(basename);
  if (auto held = hold_file(path)) return held;
  if (path.parent_path() != folder_) env_.create_directories(path.parent_path());
  const fs::path lock = lock_path(path);
  const auto alone = wait_for_lock(lock, path);
  if (auto held = hold_file(path)) return held;
  make_room(lock, bytes);
  fetch(path);
  // Held before it can be seen, so that nobody makes room with it.
  std::shared_ptr<HeldFile> held = hold_file(partial_path(path));
  publish_download(env_, path);
  env_.truncate_file(lock, 0);
  *fetched = true;
  return held;
}

// Waits for whoever else has the lock, a thread or a process, as long as what it brings to `wanted`
// grows. One that ended holds no lock.
std::unique_ptr<FileLock> ShardCache::wait_for_lock(const fs::path& lock, const fs::path& wanted) {
  const fs::path partial = partial_path(wanted);
  uint64_t size = 0;
  Clock::TimePoint since = clock_.now();
  while (true) {
    if (auto held = env_.try_lock(lock)) return held;
    const uint64_t now = env_.exists(partial) ? env_.file_size(partial) : 0;
    if (std::exchange(size, now) != now) since = clock_.now();
    if (clock_.now() - since > kStuck) {
      throw Error(ErrorCode::kIo,
                  str_cat(lock.string(), ": another process holds it and has brought nothing for ",
                          std::chrono::minutes(kStuck).count(),
                          " minutes: end that process, or use another cache.directory"));
    }
    clock_.sleep_until(clock_.now() + kLook);
  }
}

// Reserves `bytes` by the size of the lock file, after removing what was used longest ago and is
// not in use, so that all that is there and reserved keeps within the limit and on the disk.
void ShardCache::make_room(const fs::path& lock, uint64_t bytes) {
  const auto alone = wait_for_lock(directory_ / "room.lock", lock);
  uint64_t total = bytes;
  std::vector<CacheEntry> files;
  std::vector<std::unique_ptr<FileLock>> claims;  // on partial files of processes that ended
  for (const CacheEntry& entry : list_by_use(directory_)) {
    if (entry.path == lock) continue;
    if (ends_with(entry.path, ".lock")) {
      // Of a process that was killed, what it reserved is free.
      if (entry.bytes > 0 && !env_.try_lock(entry.path)) total += entry.bytes;
      continue;
    }
    if (ends_with(entry.path, ".offsets") || ends_with(entry.path, ".version")) continue;
    if (ends_with(entry.path, ".partial")) {
      const fs::path claim = lock_path(whole_path(entry.path));
      if (claim == lock) continue;
      auto abandoned = env_.try_lock(claim);
      if (!abandoned) continue;  // counted as reserved
      claims.push_back(std::move(abandoned));
    }
    total += entry.bytes;
    files.push_back(entry);
  }
  const auto lacks = [&] { return total > limit_ || env_.free_bytes(directory_) < bytes; };
  for (const CacheEntry& entry : files) {
    if (!lacks()) break;
    if (remove_if_idle(entry.path)) total -= entry.bytes;
  }
  if (env_.free_bytes(directory_) < bytes) {
    throw Error(ErrorCode::kIo,
                str_cat(directory_.string(), ": the disk is full: expected ", format_bytes(bytes),
                        " free for a shard, got ", format_bytes(env_.free_bytes(directory_)),
                        ", and no cached shard is out of use: free disk, lower cache.limit, or "
                        "name another cache.directory"));
  }
  if (total > limit_ && purpose_ == Purpose::kAhead) {
    throw Error(ErrorCode::kIo, str_cat(directory_.string(), ": no room within cache.limit, ",
                                        format_bytes(limit_), ", to fetch ahead"));
  }
  if (total > limit_ && !told_of_limit_.exchange(true)) {
    log::warning(str_cat(directory_.string(), ": the shards in use take ", format_bytes(total),
                         " and pass cache.limit, ", format_bytes(limit_),
                         ": raise it, or shards are fetched more than once"));
  }
  env_.truncate_file(lock, bytes);
}

}  // namespace rexbert::shard
