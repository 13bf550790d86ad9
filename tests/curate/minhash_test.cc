#include "curate/minhash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "rexbert/core/philox.h"

namespace rexbert::curate {
namespace {

std::vector<uint32_t> random_set(KeyedRng& random, size_t size) {
  std::vector<uint32_t> set(size);
  for (uint32_t& element : set) element = random.next_u32();
  return set;
}

TEST(MinHash, IsTheMinimumOfEachFunction) {
  KeyedRng random(1, Purpose::kTest);
  for (const size_t size : {1, 7, 16, 112}) {
    const std::vector<uint32_t> set = random_set(random, 50);
    std::vector<uint32_t> signature(size);
    MinHasher(size, 9)(set, signature);
    KeyedRng coefficients(9, Purpose::kMinHash);
    for (size_t i = 0; i < size; ++i) {
      const uint32_t factor = coefficients.next_u32() | 1;
      const uint32_t term = coefficients.next_u32();
      uint32_t minimum = std::numeric_limits<uint32_t>::max();
      for (const uint32_t element : set) minimum = std::min(minimum, element * factor + term);
      EXPECT_EQ(signature[i], minimum);
    }
  }
}

TEST(MinHash, AgreesAsOftenAsSetsAreSimilar) {
  constexpr size_t kSize = 1024;
  const MinHasher minhash(kSize, 0);
  KeyedRng random(2, Purpose::kTest);
  for (const size_t common : {20, 50, 80, 95}) {
    size_t equal = 0;
    constexpr size_t kTrials = 50;
    for (size_t trial = 0; trial < kTrials; ++trial) {
      // |a and b| = common, |a or b| = 100.
      std::vector<uint32_t> a = random_set(random, 100), b = a;
      a.resize(common + (100 - common) / 2);
      b.erase(b.begin() + static_cast<ptrdiff_t>(common),
              b.begin() + static_cast<ptrdiff_t>(a.size()));
      std::vector<uint32_t> of_a(kSize), of_b(kSize);
      minhash(a, of_a);
      minhash(b, of_b);
      for (size_t i = 0; i < kSize; ++i) equal += of_a[i] == of_b[i];
    }
    // The deviation of 51,200 independent draws is at most 0.0022; functions share the sets' luck.
    EXPECT_NEAR(static_cast<double>(equal) / (kTrials * kSize), static_cast<double>(common) / 100,
                0.015);
  }
}

}  // namespace
}  // namespace rexbert::curate
