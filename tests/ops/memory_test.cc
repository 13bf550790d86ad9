#include "rexbert/ops/memory.h"

#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace rexbert::ops {
namespace {

constexpr int64_t kAlignment = 64;

int64_t misalignment(const void* memory) {
  return static_cast<int64_t>(reinterpret_cast<uintptr_t>(memory) % kAlignment);
}

class KeepFreedMemory : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { keep_freed_memory(); }
};

TEST_F(KeepFreedMemory, TensorsAreAlignedAndTheirOwn) {
  std::vector<torch::Tensor> tensors;
  for (int64_t bytes = 0; bytes < 3000; bytes += bytes < 200 ? 1 : 97) {
    tensors.push_back(torch::full({bytes}, bytes % 251, torch::kUInt8));
    EXPECT_EQ(misalignment(tensors.back().data_ptr()), 0) << bytes;
    if (bytes % 3 == 0) tensors.erase(tensors.begin());
  }
  for (const torch::Tensor& tensor : tensors) {
    EXPECT_TRUE(tensor.eq(tensor.numel() % 251).all().item<bool>()) << tensor.numel();
  }
}

TEST_F(KeepFreedMemory, ATensorKeepsItsContentsWhereItGrows) {
  const auto before = torch::arange(100);
  auto grown = before.clone();
  grown.resize_({100'000});
  EXPECT_TRUE(grown.slice(0, 0, 100).equal(before));
}

// As oneDNN's kernels do.
TEST_F(KeepFreedMemory, GivesRawMemory) {
  c10::Allocator& allocator = *c10::GetCPUAllocator();
  void* const memory = allocator.raw_allocate(1000);
  EXPECT_EQ(misalignment(memory), 0);
  std::memset(memory, 1, 1000);
  allocator.raw_deallocate(memory);
  const auto x = torch::randn({64, 64});
  EXPECT_TRUE(torch::gelu(x).isfinite().all().item<bool>());
}

// The same block serves again: LibTorch's own allocator would want a larger one.
TEST_F(KeepFreedMemory, ABlockFitsWhereOneOfItsSizeWas) {
  constexpr int64_t kFloats = 1 << 20;
  const auto below = torch::empty({kFloats});
  auto hole = torch::empty({kFloats});
  const auto above = torch::empty({kFloats});
  const void* const where = hole.data_ptr();
  hole.reset();
  EXPECT_EQ(torch::empty({kFloats}).data_ptr(), where);
}

}  // namespace
}  // namespace rexbert::ops
