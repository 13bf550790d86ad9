#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rexbert/core/env.h"

// Files of a cache that processes share: who uses one holds a shared lock (flock) on it, and who
// removes one must have it alone. The kernel gives locks back when a process ends, however it does.
namespace rexbert::shard {

// A file that nobody removes while the object lives.
class HeldFile {
 public:
  explicit HeldFile(int descriptor) : descriptor_(descriptor) {}
  ~HeldFile();
  HeldFile(const HeldFile&) = delete;
  HeldFile& operator=(const HeldFile&) = delete;

 private:
  int descriptor_;
};

// Holds the file and notes that it is used now; null where it is not there or about to go.
std::unique_ptr<HeldFile> hold_file(const fs::path& path);

// The file, which nobody holds and nobody can hold while the object lives: to be removed, or not.
// Null where somebody holds it or it is not there.
std::unique_ptr<HeldFile> take_if_idle(const fs::path& path);

// Removes the file unless somebody holds it; whether it did.
bool remove_if_idle(const fs::path& path);

// What the process that has a lock file's lock writes into the file for those who wait. Without the
// lock it says nothing.
struct Claim {
  uint64_t reserved = 0;  // bytes, of the file that it brings
  uint64_t process = 0;
  uint64_t beats = 0;    // grows while the process lives
  uint64_t arrived = 0;  // bytes of the file
  std::string problem = {};

  bool operator==(const Claim&) const = default;
};
// Throws Error(kIo) naming the file.
void write_claim(const fs::path& lock, const Claim& claim);
// An empty claim where none can be read.
Claim read_claim(const fs::path& lock);

// Makes `folder` one whose files the cache may remove: writes a marker file into it.
void mark_stream_folder(Env& env, const fs::path& folder);
// "<16 hex digits>-<name>", a folder and no link to one, with the marker in it.
bool is_stream_folder(const fs::path& folder);

struct CacheEntry {
  fs::path path;
  uint64_t bytes = 0;
  int64_t used_ns = 0;  // when it was held last, since the epoch
};

// The files in the marked folders of `directory`, those used longest ago first. Nothing else there
// is the cache's. What goes away meanwhile is left out.
std::vector<CacheEntry> list_by_use(const fs::path& directory);

}  // namespace rexbert::shard
