#pragma once

#include <latch>
#include <memory>
#include <string>
#include <utility>

#include "rexbert/core/env.h"
#include "rexbert/core/fault_env.h"
#include "rexbert/core/strings.h"

namespace rexbert::train {

// The folder in which the checkpoint of `step` is written.
inline std::string staging_name(int64_t step) {
  return str_printf(".staging-step-%09lld", static_cast<long long>(step));
}

// Holds the writer of one step's checkpoint before its first file until release() is called, once.
class HoldingEnv final : public EnvWrapper {
 public:
  HoldingEnv(Env& base, int64_t step) : EnvWrapper(base), held_(staging_name(step)) {}

  void release() { released_.count_down(); }

  void create_directories(const fs::path& path) override {
    if (path.filename() == held_) released_.wait();
    EnvWrapper::create_directories(path);
  }

 private:
  std::string held_;
  std::latch released_{1};
};

// In one step's checkpoint, `file` fails at its `operation`-th operation (its creation is the
// first) and everything after it too.
class FailingEnv final : public EnvWrapper {
 public:
  FailingEnv(Env& base, int64_t step, std::string file, int64_t operation)
      : EnvWrapper(base),
        failing_(staging_name(step)),
        file_(std::move(file)),
        operation_(operation) {}

  std::unique_ptr<WritableFile> new_writable_file(const fs::path& path) override {
    if (path.parent_path().filename() != failing_) return EnvWrapper::new_writable_file(path);
    if (path.filename() == file_) faults_.fail_after(operation_);
    return faults_.new_writable_file(path);
  }

 private:
  std::string failing_;
  std::string file_;
  int64_t operation_;
  FaultInjectionEnv faults_{base_};
};

// The disk keeps another last byte of one step's `file` than it was given.
class CorruptingEnv final : public EnvWrapper {
 public:
  CorruptingEnv(Env& base, int64_t step, std::string file)
      : EnvWrapper(base), corrupted_(fs::path(staging_name(step)) / std::move(file)) {}

  std::unique_ptr<MappedFile> map_file(const fs::path& path) override {
    if (path.parent_path().filename() / path.filename() == corrupted_) {
      std::string bytes = base_.read_file(path);
      bytes.back() ^= 1;
      write_synced_file(base_, path, bytes);
    }
    return EnvWrapper::map_file(path);
  }

 private:
  fs::path corrupted_;
};

}  // namespace rexbert::train
