// The statistics of the policies over ten million tokens each.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "batch/masking_batch.h"
#include "batch/philox_words.h"
#include "batch/unit_levels.h"
#include "rexbert/batch/masking.h"

namespace rexbert::batch {
namespace {

using plan::MaskingPolicy;
using plan::MaskingSpec;

constexpr int32_t kLength = 514;
constexpr int32_t kPerBatch = 500;

class MaskingRate : public testing::TestWithParam<MaskingSpec> {};

TEST_P(MaskingRate, IsTheConfiguredOne) {
  const MadeText text;
  const Masker masker(23, text.vocabulary(), text.salience());
  const PackedBatch original = made_batch(text, 31, kPerBatch, 1, kLength);
  double tokens = 0, masked = 0;
  std::vector<double> by_position(kLength);
  while (tokens < 1e7) {
    PackedBatch batch = original;
    const auto done = static_cast<int32_t>(tokens / kLength);
    for (SampleId& id : batch.sample_S) id.sample += done + 1;
    masker.apply(GetParam(), batch);
    for (const int32_t t : batch.masked_M) by_position[batch.positions_T[t]] += 1;
    masked += static_cast<double>(batch.masked_M.size());
    tokens += kPerBatch * (kLength - 2);
  }
  const double p = GetParam().probability;
  // Standard deviation of the rate: sqrt(p (1 - p) / 1e7) = 0.014 points, times at most sqrt(16)
  // where units are long; the target is 0.1.
  EXPECT_NEAR(masked / tokens, p, 0.001);
  EXPECT_EQ(by_position[0], 0);
  EXPECT_EQ(by_position[kLength - 1], 0);
  if (GetParam().policy != MaskingPolicy::kUniform) return;
  const double expected = p * tokens / (kLength - 2);
  double chi_square = 0;
  for (int32_t t = 1; t + 1 < kLength; ++t) {
    chi_square += std::pow(by_position[t] - expected, 2) / (expected * (1 - p));
  }
  // 512 degrees of freedom: mean 512, standard deviation 32; five of them.
  EXPECT_LT(chi_square, 512 + 5 * 32);
  EXPECT_GT(chi_square, 512 - 5 * 32);
}

INSTANTIATE_TEST_SUITE_P(
    Policies, MaskingRate,
    testing::Values(
        MaskingSpec{.probability = 0.3}, MaskingSpec{.probability = 0.15},
        MaskingSpec{.policy = MaskingPolicy::kWholeWord, .probability = 0.3},
        MaskingSpec{.policy = MaskingPolicy::kGuided, .probability = 0.3, .strength = 0.5},
        MaskingSpec{.policy = MaskingPolicy::kGuided, .probability = 0.3, .strength = 1},
        MaskingSpec{.policy = MaskingPolicy::kGuided, .probability = 0.15, .strength = 1}));

TEST(MaskingLevels, TheBudgetIsSpentExactly) {
  KeyedRng rng(3, Purpose::kTest);
  for (int round = 0; round < 5000; ++round) {
    const double probability = round % 10 == 0 ? 1.0 : 0.01 + 0.98 * rng.next_uniform();
    const std::array<double, kLevels> weights = level_weights(rng.next_uniform());
    std::array<double, kLevels> mass{};
    const uint64_t used = 1 + rng.next_below(40);
    for (uint64_t i = 0; i < used; ++i) {
      mass[rng.next_below(kLevels)] += static_cast<double>(1 + rng.next_below(300));
    }
    const auto p = level_probabilities(mass, weights, probability);
    double total = 0, spent = 0;
    for (int level = 0; level < kLevels; ++level) {
      total += mass[level];
      spent += mass[level] * p[level];
      EXPECT_LE(p[level], std::max(0.9, probability) * (1 + 1e-12));
      EXPECT_GE(p[level], p[std::max(level - 1, 0)] * (1 - 1e-12));
    }
    EXPECT_NEAR(spent / total, probability, 1e-12);
  }
}

TEST(MaskingLevels, ByHand) {
  // Two tokens of score 0 and one of score 1, strength 1, probability 0.3: c (2 + e) = 0.9.
  std::array<double, kLevels> mass{};
  mass[level_of(score_steps(0))] = 2;
  mass[level_of(score_steps(1))] = 1;
  const auto p = level_probabilities(mass, level_weights(1), 0.3);
  EXPECT_NEAR(p[64], 0.9 / (2 + std::exp(1)), 1e-15);
  EXPECT_NEAR(p[96], 0.9 * std::exp(1) / (2 + std::exp(1)), 1e-15);
  // At 0.6 the second would pass the cap of 0.9: it gets 0.9, and the others share 0.9.
  const auto q = level_probabilities(mass, level_weights(1), 0.6);
  EXPECT_NEAR(q[96], 0.9, 1e-15);
  EXPECT_NEAR(q[64], 0.45, 1e-15);
}

TEST(MaskingWords, PathsAgreeWithKeyedRng) {
  const KeyedRng rng(5, Purpose::kMasking, 7, 0x123456789abcdefull);
  const WordStream stream{rng.key(), 0x123456789abcdefull, 3};
  for (const uint32_t first : {0u, 1u, 77u, 0xfffffff8u}) {
    for (size_t blocks : {0u, 1u, 7u, 8u, 9u, 16u, 37u}) {
      if (first == 0xfffffff8u && blocks > 8) continue;
      std::vector<uint32_t> portable(4 * blocks + 1, 42), chosen = portable, avx2 = portable;
      philox_words_portable(stream, first, blocks, portable.data());
      philox_words(stream, first, blocks, chosen.data());
      EXPECT_EQ(chosen, portable);
      EXPECT_EQ(portable.back(), 42u);
      for (size_t i = 0; i < blocks; ++i) {
        const PhiloxCounter words = rng.block(uint64_t{3} << 32 | (first + i));
        for (size_t k = 0; k < 4; ++k) ASSERT_EQ(portable[4 * i + k], words[k]);
      }
      if (!has_philox_words_avx2()) continue;
      philox_words_avx2(stream, first, blocks, avx2.data());
      EXPECT_EQ(avx2, portable);
    }
  }
  if (!has_philox_words_avx2()) GTEST_SKIP() << "no AVX2 here: the portable path alone was tested";
}

}  // namespace
}  // namespace rexbert::batch
