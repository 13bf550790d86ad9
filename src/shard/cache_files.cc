#include "shard/cache_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <tuple>

namespace rexbert::shard {
namespace {

// True when the path names the open file still: between opening and locking it may have been
// removed.
bool is_named(int descriptor, const fs::path& path) {
  struct stat open{}, named{};
  return ::fstat(descriptor, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

// Refused where somebody else owns the file, which then looks as old as it is.
void note_use(int descriptor) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);  // the kernel's own would be that of the last tick
  const timespec times[2] = {now, now};
  ::futimens(descriptor, times);
}

// The file, locked; null where it cannot be at once.
std::unique_ptr<HeldFile> lock_file(const fs::path& path, int operation) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  auto held = std::make_unique<HeldFile>(descriptor);
  if (::flock(descriptor, operation | LOCK_NB) != 0 || !is_named(descriptor, path)) return nullptr;
  if (operation == LOCK_SH) note_use(descriptor);
  return held;
}

}  // namespace

HeldFile::~HeldFile() { ::close(descriptor_); }

std::unique_ptr<HeldFile> hold_file(const fs::path& path) { return lock_file(path, LOCK_SH); }

bool remove_if_idle(const fs::path& path) {
  const auto alone = lock_file(path, LOCK_EX);
  return alone && ::unlink(path.c_str()) == 0;
}

std::vector<CacheEntry> list_by_use(const fs::path& directory) {
  std::vector<CacheEntry> entries;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto it = fs::recursive_directory_iterator(directory, options, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    struct stat info{};
    if (::lstat(it->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    entries.push_back({it->path(), static_cast<uint64_t>(info.st_size),
                       info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec});
  }
  std::sort(entries.begin(), entries.end(), [](const CacheEntry& a, const CacheEntry& b) {
    return std::tie(a.used_ns, a.path) < std::tie(b.used_ns, b.path);
  });
  return entries;
}

}  // namespace rexbert::shard
