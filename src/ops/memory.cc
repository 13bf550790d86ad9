#include "rexbert/ops/memory.h"

#include <c10/core/CPUAllocator.h>

#include <cstdint>
#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace rexbert::ops {
namespace {

constexpr size_t kAlignment = 64;  // a cache line; c10's own

// Before the memory that a tensor sees stands where its block begins.
void release(void* memory) {
  if (memory != nullptr) std::free(static_cast<void**>(memory)[-1]);
}

// LibTorch's allocator asks for aligned blocks, for which the C library wants more room than one of
// the same size leaves when it is freed: every hole stays a hole. A plain block fits.
class PlainAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &release, cpu};
    void* const block = std::malloc(bytes + sizeof(void*) + kAlignment);
    TORCH_CHECK_WITH(OutOfMemoryError, block != nullptr, "cannot allocate ", bytes, " bytes");
    char* const least = static_cast<char*>(block) + sizeof(void*);
    const auto over = reinterpret_cast<uintptr_t>(least) % kAlignment;
    void* const memory = over == 0 ? least : least + kAlignment - over;
    static_cast<void**>(memory)[-1] = block;
    return {memory, memory, &release, cpu};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* to, const void* from, size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
};

}  // namespace

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kNever = -1;  // as a size: larger than any
  constexpr int kGrowth = 64 << 20;
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, kNever);
  mallopt(M_TOP_PAD, kGrowth);
  static PlainAllocator allocator;
  c10::SetCPUAllocator(&allocator);
#endif
}

}  // namespace rexbert::ops
