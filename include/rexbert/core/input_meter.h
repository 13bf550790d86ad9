#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "rexbert/core/env.h"

namespace rexbert {

// An Env that counts the bytes read through open_file(), so that progress is known in stored bytes
// whatever the compression.
class InputMeter final : public EnvWrapper {
 public:
  using EnvWrapper::EnvWrapper;
  uint64_t bytes_read() const { return bytes_.load(std::memory_order_relaxed); }

  std::unique_ptr<RandomAccessFile> open_file(const fs::path& path) override;

 private:
  std::atomic<uint64_t> bytes_ = 0;
};

}  // namespace rexbert
