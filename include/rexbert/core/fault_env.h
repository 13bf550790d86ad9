#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert {

// An Env for tests, over a real one: it can fail at a chosen operation as if the disk were full or
// the process were killed there, and afterwards drop everything that was not synced, as a power
// failure would (after leveldb's FaultInjectionTestEnv).
class FaultInjectionEnv final : public EnvWrapper {
 public:
  explicit FaultInjectionEnv(Env& base) : EnvWrapper(base) {}

  // The `count`-th mutating operation from now (1 is the next) and all after it throw Error(kIo).
  // A failing append brings half of its data to the file first. 0 turns failures off.
  void fail_after(int64_t count);
  // Mutating operations since construction or the last call of fail_after().
  int64_t operations() const;
  // What a power failure leaves: every file written through this Env is cut to what was synced, and
  // names that appeared in a directory by creation or renaming since its last sync are undone, a
  // replaced file coming back. New directories and removals count as durable at once.
  void drop_unsynced();

  std::unique_ptr<WritableFile> new_writable_file(const fs::path& path) override;
  std::unique_ptr<WritableFile> new_appendable_file(const fs::path& path) override;
  void create_directories(const fs::path& path) override;
  void rename(const fs::path& from, const fs::path& to) override;
  void remove_file(const fs::path& path) override;
  void remove_all(const fs::path& path) override;
  void truncate_file(const fs::path& path, uint64_t size) override;
  void sync_directory(const fs::path& path) override;

 private:
  friend class FaultInjectionFile;

  // A file's name that appeared since the last sync of its directory, and how to undo that.
  struct NameChange {
    fs::path path;                        // where it is now
    fs::path from;                        // where it was renamed from; empty when it was created
    std::optional<std::string> replaced;  // the contents of the file that the renaming replaced
  };

  // True when this operation must fail.
  bool count_operation();
  void check(const fs::path& path, const char* what);
  // The file will be at `path`; records its name when it is new.
  uint64_t note_file(const fs::path& path, bool truncated);
  std::optional<std::string> forget_replaced(const fs::path& path, std::string contents);
  void forget(const fs::path& path);
  // Everything recorded as lying at or under `from` lies at `to` now; of name changes, the first
  // `changes`.
  void move_records(const fs::path& from, const fs::path& to, size_t changes);

  mutable std::mutex mutex_;
  int64_t operations_ = 0;
  int64_t fail_at_ = 0;
  std::map<fs::path, uint64_t> synced_size_;
  std::vector<NameChange> unsynced_names_;  // in the order in which they happened
};

}  // namespace rexbert
