#include "shard/shard_cache.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"

namespace rexbert::shard {
namespace {

constexpr auto kLook = std::chrono::milliseconds(20);
constexpr auto kBeat = std::chrono::seconds(1);
// Whoever brings a file gives a sign every second, but while it syncs or hashes a large one.
constexpr auto kStuck = std::chrono::minutes(4);

bool ends_with(const fs::path& path, std::string_view end) { return path.native().ends_with(end); }

fs::path lock_path(const fs::path& path) { return path.string() + ".lock"; }

fs::path without(const fs::path& path, std::string_view end) {
  const std::string& text = path.native();
  return text.substr(0, text.size() - end.size());
}

// The file whose partial this is.
fs::path whole_path(const fs::path& partial) { return without(partial, ".partial"); }

bool is_disk_full(const Error& error) {
  if (error.code() != ErrorCode::kIo) return false;
  const auto says = [&](int number) {
    return error.message().find(std::strerror(number)) != std::string::npos;
  };
  return says(ENOSPC) || says(EDQUOT);
}

uint64_t size_or_zero(const fs::path& path) {
  std::error_code gone;
  const auto size = fs::file_size(path, gone);
  return gone ? 0 : static_cast<uint64_t>(size);
}

Claim own_claim(uint64_t reserved) {
  return {.reserved = reserved, .process = static_cast<uint64_t>(::getpid())};
}

}  // namespace

// What lies in the cache.
struct ShardCache::Survey {
  uint64_t total = 0;    // bytes of files and of those on their way, but for the one in question
  uint64_t to_come = 0;  // of `total`, bytes that will be written still
  std::vector<CacheEntry> files;                  // that may be removed if idle, oldest use first
  std::vector<std::unique_ptr<FileLock>> claims;  // on partial files of processes that ended
};

ShardCache::ShardCache(Env& env, const CacheOptions& options, const std::string& folder,
                       Clock& clock)
    : env_(env),
      clock_(clock),
      directory_(options.resolved_directory()),
      folder_(directory_ / folder),
      limit_(static_cast<uint64_t>(options.limit)) {
  mark_stream_folder(env_, folder_);
}

std::shared_ptr<HeldFile> ShardCache::hold(const std::string& basename, uint64_t bytes,
                                           Purpose purpose, CacheWait& wait, const Fetch& fetch,
                                           bool* fetched) {
  const fs::path path = this->path(basename);
  if (auto held = hold_file(path)) return held;
  const auto alone = lock_alone(path, wait);
  if (auto held = hold_file(path)) return held;
  make_room(path, bytes, purpose, wait);
  // Somebody who looked for room may have had it a moment ago, and let it be.
  std::shared_ptr<HeldFile> held = hold_file(path);
  if (!held) {
    try {
      fetch_claimed(path, bytes, wait, fetch);
    } catch (const Error& error) {
      if (!is_disk_full(error)) throw;
      log::warning(str_cat(error.what(), "; making room on the disk"));
      make_room(path, bytes, purpose, wait, true);
      fetch_claimed(path, bytes, wait, fetch);
    }
    // Held before it can be seen, so that nobody makes room with it.
    held = hold_file(partial_path(path));
    publish_download(env_, path);
    *fetched = true;
  }
  env_.truncate_file(lock_path(path), 0);
  return held;
}

// Fetches, and says so to those who wait.
void ShardCache::fetch_claimed(const fs::path& path, uint64_t bytes, CacheWait& wait,
                               const Fetch& fetch) {
  Claim claim = own_claim(bytes);
  Clock::TimePoint written = clock_.now();
  fetch(path, [&](uint64_t arrived, const std::string& problem) {
    claim.arrived = arrived;
    claim.problem = problem;
    wait.look(claim);
    if (clock_.now() - written < kBeat) return;
    ++claim.beats;
    write_claim(lock_path(path), claim);
    written = clock_.now();
  });
}

std::unique_ptr<FileLock> ShardCache::lock_alone(const fs::path& path, CacheWait& wait) {
  if (path.parent_path() != folder_) env_.create_directories(path.parent_path());
  return wait_for_lock(lock_path(path), wait);
}

std::unique_ptr<FileLock> ShardCache::try_lock_alone(const fs::path& path) {
  if (path.parent_path() != folder_) env_.create_directories(path.parent_path());
  return env_.try_lock(lock_path(path));
}

// Waits for whoever else has the lock, a thread or a process, as long as it gives a sign of life.
// One that ended holds no lock.
std::unique_ptr<FileLock> ShardCache::wait_for_lock(const fs::path& lock, CacheWait& wait) {
  Claim seen;
  Clock::TimePoint since = clock_.now();
  while (true) {
    if (auto held = env_.try_lock(lock)) return held;
    Claim claim = read_claim(lock);
    if (claim != seen) since = clock_.now();
    seen = std::move(claim);
    if (clock_.now() - since > kStuck) {
      throw Error(ErrorCode::kIo,
                  str_cat(lock.string(), ": ", holder_of(seen),
                          " holds it and has given no sign of life for ",
                          std::chrono::minutes(kStuck).count(), " minutes", last_problem(seen),
                          ": end that process, or use another cache.directory"));
    }
    wait.look(seen);
    clock_.sleep_until(clock_.now() + kLook);
  }
}

ShardCache::Survey ShardCache::survey(const fs::path& lock) {
  Survey found;
  for (CacheEntry& entry : list_by_use(directory_)) {
    if (entry.path == lock) continue;
    if (ends_with(entry.path, ".lock")) {
      // Of a process that was killed, what it reserved is free.
      const uint64_t reserved = read_claim(entry.path).reserved;
      if (reserved == 0 || env_.try_lock(entry.path)) continue;
      const uint64_t there = size_or_zero(partial_path(without(entry.path, ".lock")));
      found.total += reserved;
      found.to_come += reserved - std::min(reserved, there);
      continue;
    }
    if (ends_with(entry.path, ".offsets") || ends_with(entry.path, ".version") ||
        ends_with(entry.path, ".tmp")) {
      continue;
    }
    if (ends_with(entry.path, ".partial")) {
      const fs::path claim = lock_path(whole_path(entry.path));
      if (claim == lock) continue;
      auto abandoned = env_.try_lock(claim);
      if (!abandoned) continue;  // counted as reserved
      found.claims.push_back(std::move(abandoned));
    }
    found.total += entry.bytes;
    found.files.push_back(std::move(entry));
  }
  return found;
}

// Reserves `bytes` for `path`, after removing what was used longest ago and is not in use, so that
// all that is there and reserved keeps within the limit and on the disk. Where that cannot be,
// nothing is removed. `disk_is_full`: it was, whatever it says of its free space.
void ShardCache::make_room(const fs::path& path, uint64_t bytes, Purpose purpose, CacheWait& wait,
                           bool disk_is_full) {
  const fs::path room = directory_ / "room.lock";
  const auto alone = wait_for_lock(room, wait);
  const Survey found = survey(lock_path(path));
  const uint64_t to_come = bytes - std::min(bytes, size_or_zero(partial_path(path)));
  const uint64_t free = disk_is_full ? 0 : env_.free_bytes(directory_);
  const uint64_t expected = disk_is_full ? to_come : to_come + found.to_come;
  const uint64_t disk_lacks = expected - std::min(expected, free);
  const uint64_t total = found.total + bytes;
  const uint64_t limit_lacks = total - std::min(total, limit_);
  const uint64_t wanted = std::max(disk_lacks, limit_lacks);

  std::vector<std::pair<fs::path, std::unique_ptr<HeldFile>>> idle;
  uint64_t gained = 0;
  for (const CacheEntry& entry : found.files) {
    if (gained >= wanted) break;
    auto taken = take_if_idle(entry.path);
    if (!taken) continue;
    gained += entry.bytes;
    idle.emplace_back(entry.path, std::move(taken));
  }
  if (gained < disk_lacks) {
    throw DiskFullError(
        str_cat(directory_.string(), ": the disk is full: expected ", format_bytes(expected),
                " free for this shard and others on their way, got ",
                format_bytes(env_.free_bytes(directory_)), ", and ", format_bytes(gained),
                " of cached shards are out of use: free disk, lower cache.limit, or name "
                "another cache.directory"));
  }
  if (gained < limit_lacks && purpose == Purpose::kAhead) {
    throw Error(ErrorCode::kIo, str_cat(directory_.string(), ": no room within cache.limit, ",
                                        format_bytes(limit_), ", to fetch ahead"));
  }
  for (const auto& [file, taken] : idle) {
    ::unlink(file.c_str());
    if (ends_with(file, ".partial")) ::unlink((whole_path(file).string() + ".version").c_str());
  }
  if (gained < limit_lacks && !told_of_limit_.exchange(true)) {
    log::warning(str_cat(directory_.string(), ": the shards in use take ",
                         format_bytes(total - gained), " and pass cache.limit, ",
                         format_bytes(limit_), ": raise it, or shards are fetched more than once"));
  }
  write_claim(lock_path(path), own_claim(bytes));
}

}  // namespace rexbert::shard
