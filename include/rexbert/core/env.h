#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert {

namespace fs = std::filesystem;

// A file being written from its start. close() must be called for the contents to be complete; a
// writer destroyed without it leaves whatever reached the operating system.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual void append(std::string_view data) = 0;
  // Flushes buffers and waits until the data is on the device (fsync).
  virtual void sync() = 0;
  virtual void close() = 0;
};

// A file that stays readable at any offset. Safe for many threads.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  virtual uint64_t size() const = 0;
  // Reads exactly [offset, offset + length) into `out`; a shorter file is Error(kCorrupt).
  virtual void read(uint64_t offset, size_t length, char* out) const = 0;
};

// A file's bytes mapped read-only into memory; valid while the object lives.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  virtual std::string_view data() const = 0;
};

// A lock on a file, held until destruction or the end of the process, however it ends.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// The operating system as the library sees it: files and directories. Env::posix() is the real one;
// tests use FaultInjectionEnv. Every failure is an Error that names the path: kNotFound where the
// path does not exist, kIo otherwise.
class Env {
 public:
  virtual ~Env() = default;
  static Env& posix();

  // Creates or truncates.
  virtual std::unique_ptr<WritableFile> new_writable_file(const fs::path& path) = 0;
  virtual std::unique_ptr<WritableFile> new_appendable_file(const fs::path& path) = 0;
  virtual std::unique_ptr<RandomAccessFile> open_file(const fs::path& path) = 0;
  virtual std::unique_ptr<MappedFile> map_file(const fs::path& path) = 0;
  virtual std::string read_file(const fs::path& path) = 0;

  // False only where there is nothing: a path that cannot be looked at is an Error.
  virtual bool exists(const fs::path& path) = 0;
  virtual bool is_directory(const fs::path& path) = 0;
  virtual uint64_t file_size(const fs::path& path) = 0;
  // Names (not paths) in a directory, sorted.
  virtual std::vector<std::string> list_directory(const fs::path& path) = 0;
  virtual uint64_t free_bytes(const fs::path& path) = 0;

  virtual void create_directories(const fs::path& path) = 0;
  // Atomic; replaces a file at `to`.
  virtual void rename(const fs::path& from, const fs::path& to) = 0;
  virtual void remove_file(const fs::path& path) = 0;
  // Removes a whole tree; no error when it is not there.
  virtual void remove_all(const fs::path& path) = 0;
  virtual void truncate_file(const fs::path& path, uint64_t size) = 0;
  // Makes the names in a directory durable (fsync of the directory).
  virtual void sync_directory(const fs::path& path) = 0;

  // Locks the file, which is created where it is missing, against other processes and other calls
  // (flock). Null when somebody else holds it; Error(kIo) where the file system has no locks.
  virtual std::unique_ptr<FileLock> try_lock(const fs::path& path) = 0;
};

// Hands every call on: for an Env that changes a few of them.
class EnvWrapper : public Env {
 public:
  explicit EnvWrapper(Env& base) : base_(base) {}

  std::unique_ptr<WritableFile> new_writable_file(const fs::path& path) override {
    return base_.new_writable_file(path);
  }
  std::unique_ptr<WritableFile> new_appendable_file(const fs::path& path) override {
    return base_.new_appendable_file(path);
  }
  std::unique_ptr<RandomAccessFile> open_file(const fs::path& path) override {
    return base_.open_file(path);
  }
  std::unique_ptr<MappedFile> map_file(const fs::path& path) override {
    return base_.map_file(path);
  }
  std::string read_file(const fs::path& path) override { return base_.read_file(path); }
  bool exists(const fs::path& path) override { return base_.exists(path); }
  bool is_directory(const fs::path& path) override { return base_.is_directory(path); }
  uint64_t file_size(const fs::path& path) override { return base_.file_size(path); }
  std::vector<std::string> list_directory(const fs::path& path) override {
    return base_.list_directory(path);
  }
  uint64_t free_bytes(const fs::path& path) override { return base_.free_bytes(path); }
  void create_directories(const fs::path& path) override { base_.create_directories(path); }
  void rename(const fs::path& from, const fs::path& to) override { base_.rename(from, to); }
  void remove_file(const fs::path& path) override { base_.remove_file(path); }
  void remove_all(const fs::path& path) override { base_.remove_all(path); }
  void truncate_file(const fs::path& path, uint64_t size) override {
    base_.truncate_file(path, size);
  }
  void sync_directory(const fs::path& path) override { base_.sync_directory(path); }
  std::unique_ptr<FileLock> try_lock(const fs::path& path) override { return base_.try_lock(path); }

 protected:
  Env& base_;
};

// Creates or replaces the file `path` and syncs it, but not its directory: for files of a directory
// that is published as a whole.
void write_synced_file(Env& env, const fs::path& path, std::string_view contents);

// Writes `contents` to a file beside `path`, syncs it, renames it to `path` and syncs the
// directory: a reader sees the old file or the new one, never a part.
void publish_file(Env& env, const fs::path& path, std::string_view contents);

// Renames the finished directory `staging` to `path` (which must not exist) after syncing both
// directory entries. The files in `staging` must have been synced by their writers.
void publish_directory(Env& env, const fs::path& staging, const fs::path& path);

}  // namespace rexbert
