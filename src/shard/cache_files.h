#pragma once

#include <cstdint>
#include <memory>
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

// Removes the file unless somebody holds it; whether it did.
bool remove_if_idle(const fs::path& path);

struct CacheEntry {
  fs::path path;
  uint64_t bytes = 0;
  int64_t used_ns = 0;  // when it was held last, since the epoch
};

// All files below `directory`, those used longest ago first. What goes away meanwhile is left out.
std::vector<CacheEntry> list_by_use(const fs::path& directory);

}  // namespace rexbert::shard
