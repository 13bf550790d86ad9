#include "rexbert/core/input_meter.h"

#include <utility>

namespace rexbert {
namespace {

class MeteredFile final : public RandomAccessFile {
 public:
  MeteredFile(std::unique_ptr<RandomAccessFile> base, std::atomic<uint64_t>& bytes)
      : base_(std::move(base)), bytes_(bytes) {}
  uint64_t size() const override { return base_->size(); }
  void read(uint64_t offset, size_t length, char* out) const override {
    base_->read(offset, length, out);
    bytes_.fetch_add(length, std::memory_order_relaxed);
  }

 private:
  std::unique_ptr<RandomAccessFile> base_;
  std::atomic<uint64_t>& bytes_;
};

}  // namespace

std::unique_ptr<RandomAccessFile> InputMeter::open_file(const fs::path& path) {
  return std::make_unique<MeteredFile>(base_.open_file(path), bytes_);
}

}  // namespace rexbert
