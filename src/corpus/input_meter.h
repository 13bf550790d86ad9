#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::corpus {

// An Env that counts the bytes read through open_file(), so that progress is known in stored bytes
// whatever the compression.
class InputMeter final : public Env {
 public:
  explicit InputMeter(Env& base) : base_(base) {}
  uint64_t bytes_read() const { return bytes_.load(std::memory_order_relaxed); }

  std::unique_ptr<RandomAccessFile> open_file(const fs::path& path) override;

  std::unique_ptr<WritableFile> new_writable_file(const fs::path& path) override {
    return base_.new_writable_file(path);
  }
  std::unique_ptr<WritableFile> new_appendable_file(const fs::path& path) override {
    return base_.new_appendable_file(path);
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

 private:
  Env& base_;
  std::atomic<uint64_t> bytes_ = 0;
};

}  // namespace rexbert::corpus
