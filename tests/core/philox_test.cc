#include "rexbert/core/philox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <vector>

namespace rexbert {
namespace {

using ::testing::ElementsAre;

// The known answers for philox4x32-10 of Random123's kat_vectors.
TEST(Philox, PublishedVectors) {
  EXPECT_THAT(philox4x32({0, 0, 0, 0}, {0, 0}),
              ElementsAre(0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_THAT(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
              ElementsAre(0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu));
  EXPECT_THAT(
      philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
      ElementsAre(0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u));
}

// From an independent implementation in Python: the data order of every run depends on these.
TEST(KeyedRng, WordsAreFixedForever) {
  KeyedRng rng(0x123456789abcdef0u, Purpose::kTest, 5, uint64_t{7} << 32 | 9);
  std::vector<uint32_t> words(8);
  for (uint32_t& word : words) word = rng.next_u32();
  EXPECT_THAT(words, ElementsAre(0x070da888u, 0xa37202a7u, 0xeb0b2aadu, 0x5c689217u, 0xd70688cdu,
                                 0x664ce66fu, 0x7f16ed67u, 0x78b1fb01u));
  EXPECT_THAT(rng.block(1), ElementsAre(0xd70688cdu, 0x664ce66fu, 0x7f16ed67u, 0x78b1fb01u));
}

TEST(KeyedRng, EveryPartOfTheNameGivesAnotherStream) {
  std::set<uint64_t> first_words;
  int streams = 0;
  for (const uint64_t seed : {uint64_t{1}, uint64_t{1} << 32}) {
    for (const Purpose purpose : {Purpose::kTest, Purpose::kMasking}) {
      for (const uint64_t a : {uint64_t{1}, uint64_t{1} << 32}) {
        for (const uint64_t b : {uint64_t{1}, uint64_t{1} << 32}) {
          first_words.insert(KeyedRng(seed, purpose, a, b).next_u64());
          ++streams;
        }
      }
    }
  }
  EXPECT_EQ(first_words.size(), static_cast<size_t>(streams));
}

TEST(KeyedRng, UniformIsInTheUnitIntervalWithItsMeanAndVariance) {
  KeyedRng rng(3, Purpose::kTest);
  constexpr int kDraws = 100'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double draw = rng.next_uniform();
    ASSERT_GE(draw, 0.0);
    ASSERT_LT(draw, 1.0);
    sum += draw;
    squares += (draw - 0.5) * (draw - 0.5);
  }
  // Five standard deviations of the mean, sqrt(1/12 / n), and of the variance, sqrt(1/180 / n).
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 12, 5 * std::sqrt(1.0 / 180 / kDraws));
}

TEST(KeyedRng, NextBelowHasNoModuloBias) {
  // 2^64 modulo 3 x 2^62 is 2^62: a plain remainder would give the first third half of all draws.
  constexpr uint64_t kThird = uint64_t{1} << 62;
  KeyedRng rng(4, Purpose::kTest);
  constexpr int kDraws = 30'000;
  std::array<int, 3> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts.at(rng.next_below(3 * kThird) / kThird);
  // Five standard deviations of a binomial count with probability 1/3.
  for (const int count : counts) {
    EXPECT_NEAR(count, kDraws / 3.0, 5 * std::sqrt(kDraws * 2.0 / 9));
  }
}

TEST(KeyedRng, NextBelowReachesEachValueAndNoOther) {
  KeyedRng rng(5, Purpose::kTest);
  std::map<uint64_t, int> counts;
  for (int i = 0; i < 7000; ++i) ++counts[rng.next_below(7)];
  ASSERT_EQ(counts.size(), 7u);
  EXPECT_EQ(counts.rbegin()->first, 6u);
  for (const auto& [value, count] : counts) {
    EXPECT_NEAR(count, 1000, 5 * std::sqrt(7000 * 6.0 / 49)) << value;
  }
  EXPECT_EQ(rng.next_below(1), 0u);
}

TEST(KeyedPermutation, IsAPermutationOfEverySize) {
  for (uint64_t size = 1; size <= 300; ++size) {
    const KeyedPermutation permutation(size, 9, Purpose::kTest, size);
    std::vector<bool> seen(size, false);
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t image = permutation(i);
      ASSERT_LT(image, size);
      ASSERT_FALSE(seen[image]) << "size " << size << ", index " << i;
      seen[image] = true;
    }
  }
}

// From an independent implementation in Python.
TEST(KeyedPermutation, ImagesAreFixedForever) {
  const KeyedPermutation small(1000, 17, Purpose::kTest, 3);
  std::vector<uint64_t> images(8);
  for (uint64_t i = 0; i < 8; ++i) images[i] = small(i);
  EXPECT_THAT(images, ElementsAre(423, 0, 323, 297, 899, 568, 357, 525));
  EXPECT_EQ(KeyedPermutation(1'000'000'000'000, 17, Purpose::kTest, 3)(123'456'789'012),
            873'677'119'368u);
}

TEST(KeyedPermutation, KeysAndSizesGiveOtherOrders) {
  const auto order = [](uint64_t size, uint64_t seed, Purpose purpose, uint64_t a) {
    const KeyedPermutation permutation(size, seed, purpose, a);
    std::vector<uint64_t> images;
    for (uint64_t i = 0; i < 50; ++i) images.push_back(permutation(i));
    return images;
  };
  const std::set<std::vector<uint64_t>> orders = {
      order(50, 1, Purpose::kTest, 0), order(50, 2, Purpose::kTest, 0),
      order(50, 1, Purpose::kSliceOrder, 0), order(50, 1, Purpose::kTest, 1),
      order(51, 1, Purpose::kTest, 0)};
  EXPECT_EQ(orders.size(), 5u);
}

TEST(KeyedPermutation, EveryValueComesFirstEquallyOften) {
  constexpr uint64_t kSize = 10;
  constexpr int kKeys = 20'000;
  std::array<int, kSize> counts{};
  for (uint64_t a = 0; a < kKeys; ++a) {
    ++counts.at(KeyedPermutation(kSize, 1, Purpose::kTest, a)(0));
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, kKeys / 10.0, 5 * std::sqrt(kKeys * 0.09));
  }
}

}  // namespace
}  // namespace rexbert
