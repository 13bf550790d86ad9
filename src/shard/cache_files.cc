#include "shard/cache_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <tuple>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::shard {
namespace {

constexpr std::string_view kMarkerFile = "rexbert-cache";
constexpr std::string_view kMarker = "rexbert shard cache 1\n";
constexpr size_t kHexDigits = 16;
// Fields of fixed width, and one size for all records: whoever reads while another one writes finds
// the old digits or the new ones in every place.
constexpr size_t kClaimBytes = 512;
constexpr const char* kClaimFormat =
    "reserved %016llx process %016llx beats %016llx arrived %016llx\n";

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

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

std::unique_ptr<HeldFile> take_if_idle(const fs::path& path) { return lock_file(path, LOCK_EX); }

bool remove_if_idle(const fs::path& path) {
  const auto alone = take_if_idle(path);
  return alone && ::unlink(path.c_str()) == 0;
}

void write_claim(const fs::path& lock, const Claim& claim) {
  std::string text = str_printf(kClaimFormat, static_cast<unsigned long long>(claim.reserved),
                                static_cast<unsigned long long>(claim.process),
                                static_cast<unsigned long long>(claim.beats),
                                static_cast<unsigned long long>(claim.arrived));
  text += claim.problem;
  text.resize(kClaimBytes, '\0');
  const Descriptor file(lock, O_WRONLY | O_CREAT);
  if (file.number() >= 0 &&
      ::pwrite(file.number(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) {
    return;
  }
  throw Error(ErrorCode::kIo, str_cat(lock.string(), ": cannot write: ", std::strerror(errno)));
}

Claim read_claim(const fs::path& lock) {
  std::array<char, kClaimBytes + 1> text{};
  const Descriptor file(lock, O_RDONLY);
  if (file.number() < 0 || ::pread(file.number(), text.data(), kClaimBytes, 0) < 0) return {};
  unsigned long long reserved = 0, process = 0, beats = 0, arrived = 0;
  if (std::sscanf(text.data(), "reserved %llx process %llx beats %llx arrived %llx", &reserved,
                  &process, &beats, &arrived) != 4) {
    return {};
  }
  const char* const line_end = std::strchr(text.data(), '\n');
  return {reserved, process, beats, arrived, line_end == nullptr ? "" : line_end + 1};
}

void mark_stream_folder(Env& env, const fs::path& folder) {
  if (is_stream_folder(folder)) return;
  env.create_directories(folder);
  // In place: others may write the same at this moment, and until it is whole nothing is removed.
  write_synced_file(env, folder / kMarkerFile, kMarker);
  env.sync_directory(folder);
}

bool is_stream_folder(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const auto is_hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (name.size() <= kHexDigits + 1 || name[kHexDigits] != '-' ||
      !std::all_of(name.begin(), name.begin() + kHexDigits, is_hex)) {
    return false;
  }
  struct stat info{};
  if (::lstat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return false;
  std::array<char, kMarker.size()> text{};
  const Descriptor file(folder / kMarkerFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return file.number() >= 0 &&
         ::pread(file.number(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
         std::string_view(text.data(), text.size()) == kMarker;
}

std::vector<CacheEntry> list_by_use(const fs::path& directory) {
  std::vector<CacheEntry> entries;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto folder = fs::directory_iterator(directory, options, error);
       !error && folder != fs::directory_iterator(); folder.increment(error)) {
    if (!is_stream_folder(folder->path())) continue;
    std::error_code inner;
    for (auto it = fs::recursive_directory_iterator(folder->path(), options, inner);
         !inner && it != fs::recursive_directory_iterator(); it.increment(inner)) {
      struct stat info{};
      if (::lstat(it->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
      if (it->path() == folder->path() / kMarkerFile) continue;
      entries.push_back({it->path(), static_cast<uint64_t>(info.st_size),
                         info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const CacheEntry& a, const CacheEntry& b) {
    return std::tie(a.used_ns, a.path) < std::tie(b.used_ns, b.path);
  });
  return entries;
}

}  // namespace rexbert::shard
