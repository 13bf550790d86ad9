#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "rexbert/core/env.h"

namespace rexbert {

// An Env for tests, over a real one: it can fail at a chosen operation as if the disk were full or
// the process were killed there, and afterwards drop everything that was not synced, as a power
// failure would (after leveldb's FaultInjectionTestEnv).
class FaultInjectionEnv final : public Env {
 public:
  explicit FaultInjectionEnv(Env& base) : base_(base) {}

  // The `count`-th mutating operation from now (1 is the next) and all after it throw Error(kIo).
  // A failing append writes half of its data first. 0 turns failures off.
  void fail_after(int64_t count);
  // Mutating operations since construction or the last call of fail_after().
  int64_t operations() const;
  // Cuts every file written through this Env to what was synced, and removes files whose directory
  // was not synced after they appeared in it.
  void drop_unsynced();

  std::unique_ptr<WritableFile> new_writable_file(const fs::path& path) override;
  std::unique_ptr<WritableFile> new_appendable_file(const fs::path& path) override;
  std::unique_ptr<RandomAccessFile> open_file(const fs::path& path) override;
  std::unique_ptr<MappedFile> map_file(const fs::path& path) override;
  std::string read_file(const fs::path& path) override;
  bool exists(const fs::path& path) override;
  bool is_directory(const fs::path& path) override;
  uint64_t file_size(const fs::path& path) override;
  std::vector<std::string> list_directory(const fs::path& path) override;
  uint64_t free_bytes(const fs::path& path) override;
  void create_directories(const fs::path& path) override;
  void rename(const fs::path& from, const fs::path& to) override;
  void remove_file(const fs::path& path) override;
  void remove_all(const fs::path& path) override;
  void truncate_file(const fs::path& path, uint64_t size) override;
  void sync_directory(const fs::path& path) override;

 private:
  friend class FaultInjectionFile;

  // True when this operation must fail.
  bool count_operation();
  void check(const fs::path& path, const char* what);

  Env& base_;
  mutable std::mutex mutex_;
  int64_t operations_ = 0;
  int64_t fail_at_ = 0;
  std::map<fs::path, uint64_t> synced_size_;
  std::set<fs::path> unsynced_names_;
};

}  // namespace rexbert
