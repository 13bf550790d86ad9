#include "rexbert/batch/masking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "batch/masking_batch.h"
#include "rexbert/core/error.h"

namespace rexbert::batch {
namespace {

using plan::MaskingPolicy;
using plan::MaskingSpec;
using testing::HasSubstr;

const MadeText& made_text() {
  static const MadeText text;
  return text;
}

const Masker& masker() {
  static const Masker made(17, made_text().vocabulary(), made_text().salience());
  return made;
}

MaskingSpec uniform(double probability = 0.3) { return {.probability = probability}; }
MaskingSpec whole_word(double probability = 0.3) {
  return {.policy = MaskingPolicy::kWholeWord, .probability = probability};
}
MaskingSpec guided(double strength, double probability = 0.3) {
  return {.policy = MaskingPolicy::kGuided, .probability = probability, .strength = strength};
}

const std::vector<MaskingSpec>& all_policies() {
  static const std::vector<MaskingSpec> specs = {uniform(), whole_word(), guided(0.5), guided(1)};
  return specs;
}

PackedBatch masked(PackedBatch batch, const MaskingSpec& spec, const Masker& with = masker()) {
  with.apply(spec, batch);
  return batch;
}

std::vector<bool> mask_of(const PackedBatch& batch) {
  std::vector<bool> mask(batch.tokens_T.size());
  for (const int32_t t : batch.masked_M) mask[t] = true;
  return mask;
}

TEST(Masking, TargetsAreTheTokensThatWereThere) {
  const PackedBatch before = made_batch(made_text(), 1, 40, 3, 100);
  for (const MaskingSpec& spec : all_policies()) {
    const PackedBatch after = masked(before, spec);
    ASSERT_EQ(after.masked_M.size(), after.targets_M.size());
    EXPECT_TRUE(std::is_sorted(after.masked_M.begin(), after.masked_M.end(), std::less_equal<>()));
    std::vector<int32_t> restored = after.tokens_T;
    for (size_t m = 0; m < after.masked_M.size(); ++m) {
      restored[after.masked_M[m]] = after.targets_M[m];
      EXPECT_FALSE(made_text().vocabulary().special_V[after.targets_M[m]]);
    }
    EXPECT_EQ(restored, before.tokens_T);
  }
}

TEST(Masking, StrengthZeroIsUniformBitForBit) {
  for (const double probability : {0.15, 0.3, 1.0}) {
    const PackedBatch before = made_batch(made_text(), 2, 300, 2, 257);
    const PackedBatch one = masked(before, uniform(probability));
    const PackedBatch other = masked(before, guided(0, probability));
    EXPECT_EQ(one.masked_M, other.masked_M);
    EXPECT_EQ(one.targets_M, other.targets_M);
    EXPECT_EQ(one.tokens_T, other.tokens_T);
    // And it is where guided masking tends to, not a case apart.
    const PackedBatch almost = masked(before, guided(1e-10, probability));
    EXPECT_EQ(one.tokens_T, almost.tokens_T);
    EXPECT_EQ(one.masked_M, almost.masked_M);
  }
}

TEST(Masking, StrengthOneIsNotUniform) {
  const PackedBatch before = made_batch(made_text(), 2, 300, 2, 257);
  EXPECT_NE(masked(before, uniform()).masked_M, masked(before, guided(1)).masked_M);
}

TEST(Masking, DependsOnTheSampleAlone) {
  const PackedBatch whole = made_batch(made_text(), 3, 30, 4, 90);
  for (const MaskingSpec& spec : all_policies()) {
    const PackedBatch expected = masked(whole, spec);
    std::vector<int32_t> order(whole.sequences());
    std::iota(order.begin(), order.end(), 0);
    KeyedRng rng(5, Purpose::kTest);
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.next_below(i)]);
    // Other rows, other neighbours, and batches of one to seven sequences.
    for (size_t next = 0; next < order.size();) {
      PackedBatch part;
      const size_t end = std::min(order.size(), next + 1 + rng.next_below(7));
      std::vector<int32_t> tokens;
      for (; next < end; ++next) {
        const int32_t s = order[next];
        const auto begin = whole.tokens_T.begin() + whole.offsets_S1[s];
        const auto stop = whole.tokens_T.begin() + whole.offsets_S1[s + 1];
        append_sequence(part, {begin, stop}, whole.sample_S[s],
                        100 + static_cast<int64_t>(next / 2));
        tokens.insert(tokens.end(), expected.tokens_T.begin() + whole.offsets_S1[s],
                      expected.tokens_T.begin() + whole.offsets_S1[s + 1]);
      }
      EXPECT_EQ(masked(part, spec).tokens_T, tokens);
    }
  }
}

TEST(Masking, EachPartOfTheKeyCounts) {
  KeyedRng rng(7, Purpose::kTest);
  const std::vector<int32_t> ids = made_text().document(rng, 200);
  std::vector<std::vector<int32_t>> all;
  for (const SampleId& id : {SampleId{}, SampleId{.stream_key = 1}, SampleId{.epoch = 1},
                             SampleId{.shard = 1}, SampleId{.sample = 1}, SampleId{.token = 50}}) {
    PackedBatch batch;
    append_sequence(batch, ids, id, 0);
    all.push_back(masked(batch, uniform()).masked_M);
    batch.tokens_T = ids;
    masker().apply_frozen(uniform(), batch);
    if (id.epoch == 0) all.push_back(batch.masked_M);
  }
  PackedBatch batch;
  append_sequence(batch, ids, {}, 0);
  all.push_back(masked(batch, uniform(), Masker(18, made_text().vocabulary())).masked_M);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
}

TEST(Masking, FrozenMasksForgetTheEpoch) {
  KeyedRng rng(7, Purpose::kTest);
  const std::vector<int32_t> ids = made_text().document(rng, 200);
  for (const MaskingSpec& spec : all_policies()) {
    PackedBatch first, second;
    append_sequence(first, ids, {.epoch = 0, .sample = 4}, 0);
    append_sequence(second, ids, {.epoch = 9, .sample = 4}, 5);
    masker().apply_frozen(spec, first);
    masker().apply_frozen(spec, second);
    EXPECT_EQ(first.tokens_T, second.tokens_T);
    EXPECT_EQ(first.masked_M, second.masked_M);
  }
}

// A token keeps its draw however the sample is cut into chunks.
TEST(Masking, ChunksOfASampleKeepTheirDraws) {
  KeyedRng rng(8, Purpose::kTest);
  const std::vector<int32_t> ids = made_text().document(rng, 1000);
  PackedBatch whole, cut;
  append_sequence(whole, ids, {}, 0);
  const std::vector<int32_t> ends = {0, 101, 103, 410, 1000};
  for (size_t i = 0; i + 1 < ends.size(); ++i) {
    append_sequence(cut, {ids.begin() + ends[i], ids.begin() + ends[i + 1]}, {.token = ends[i]}, 0);
  }
  EXPECT_EQ(masked(whole, uniform()).tokens_T, masked(cut, uniform()).tokens_T);
}

TEST(Masking, SpecialTokensAreNeitherMaskedNorDrawn) {
  const MaskVocabulary& vocabulary = made_text().vocabulary();
  PackedBatch before = made_batch(made_text(), 4, 200, 2, 300);
  for (size_t t = 0; t < before.tokens_T.size(); t += 7) {
    const int32_t specials[] = {0, 1, 2, 3, 4, made_text().unused()};
    before.tokens_T[t] = specials[t / 7 % 6];
  }
  for (MaskingSpec spec : all_policies()) {
    spec.probability = 0.9;
    spec.mask_share = 0;
    spec.random_share = 1;
    const PackedBatch after = masked(before, spec);
    EXPECT_GT(after.masked_M.size(), 50'000u);
    std::vector<bool> mask = mask_of(after);
    std::vector<int64_t> drawn(vocabulary.size());
    for (size_t t = 0; t < mask.size(); ++t) {
      if (mask[t]) {
        ASSERT_FALSE(vocabulary.special_V[before.tokens_T[t]]);
        ++drawn[after.tokens_T[t]];
      } else {
        ASSERT_EQ(after.tokens_T[t], before.tokens_T[t]);
      }
    }
    for (int32_t id = 0; id < vocabulary.size(); ++id) {
      ASSERT_EQ(drawn[id] == 0, vocabulary.special_V[id] != 0) << id;
    }
  }
}

TEST(Masking, SharesOfReplacementsAreTheConfiguredOnes) {
  const PackedBatch before = made_batch(made_text(), 5, 500, 4, 500);
  for (MaskingSpec spec : all_policies()) {
    for (const auto& [mask_share, random_share] :
         {std::pair{0.8, 0.1}, std::pair{1.0, 0.0}, std::pair{0.0, 0.0}, std::pair{0.5, 0.4}}) {
      spec.mask_share = mask_share;
      spec.random_share = random_share;
      const PackedBatch after = masked(before, spec);
      double masks = 0, kept = 0;
      for (size_t m = 0; m < after.masked_M.size(); ++m) {
        const int32_t token = after.tokens_T[after.masked_M[m]];
        masks += token == made_text().vocabulary().mask_id;
        kept += token == after.targets_M[m];
      }
      const double count = static_cast<double>(after.masked_M.size());
      // Five standard deviations of a share of 300,000 draws.
      EXPECT_NEAR(masks / count, mask_share, 0.005);
      EXPECT_NEAR(kept / count, 1 - mask_share - random_share, 0.005);
    }
  }
}

TEST(Masking, EveryRowHasAMaskedToken) {
  PackedBatch before;
  KeyedRng rng(9, Purpose::kTest);
  for (int32_t i = 0; i < 3000; ++i) {
    const auto length = static_cast<int32_t>(2 + rng.next_below(6));
    append_sequence(before, made_text().document(rng, length), {.sample = i}, i / 2);
  }
  for (MaskingSpec spec : {uniform(0.02), whole_word(0.02), guided(1, 0.02)}) {
    spec.mask_share = 1;
    spec.random_share = 0;
    const PackedBatch after = masked(before, spec);
    EXPECT_EQ(after.masked_M.size(), after.targets_M.size());
    EXPECT_TRUE(std::is_sorted(after.masked_M.begin(), after.masked_M.end()));
    const std::vector<bool> mask = mask_of(after);
    int64_t empty_rows = 0;
    for (int64_t row = 0; row < 1500; ++row) {
      const int32_t begin = before.offsets_S1[2 * row], end = before.offsets_S1[2 * row + 2];
      const bool possible =
          std::any_of(before.tokens_T.begin() + begin, before.tokens_T.begin() + end,
                      [](int32_t id) { return !made_text().vocabulary().special_V[id]; });
      empty_rows += !possible;
      EXPECT_EQ(std::any_of(mask.begin() + begin, mask.begin() + end, [](bool m) { return m; }),
                possible);
    }
    EXPECT_GT(empty_rows, 10);
  }
}

// [begin, end) of every word, found in another way than by the masker.
std::vector<std::pair<int32_t, int32_t>> words_of(const PackedBatch& batch) {
  const MaskVocabulary& vocabulary = made_text().vocabulary();
  std::vector<std::pair<int32_t, int32_t>> words;
  for (int32_t t = 0; t < static_cast<int32_t>(batch.tokens_T.size()); ++t) {
    const int32_t id = batch.tokens_T[t];
    if (vocabulary.special_V[id]) continue;
    const bool starts =
        t == 0 || vocabulary.special_V[batch.tokens_T[t - 1]] || vocabulary.begins_word_V[id];
    if (starts) words.emplace_back(t, t);
    words.back().second = t + 1;
  }
  return words;
}

TEST(Masking, WordsAreMaskedWhole) {
  const PackedBatch before = made_batch(made_text(), 6, 100, 2, 300);
  const std::vector<bool> mask = mask_of(masked(before, whole_word()));
  int64_t long_masked = 0;
  for (const auto& [begin, end] : words_of(before)) {
    const int64_t count = std::count(mask.begin() + begin, mask.begin() + end, true);
    EXPECT_TRUE(count == 0 || count == end - begin);
    long_masked += count > 1;
  }
  EXPECT_GT(long_masked, 1000);
}

TEST(Masking, AWordWithoutEndIsCut) {
  PackedBatch before;
  std::vector<int32_t> ids = {kCls};
  ids.insert(ids.end(), 400, made_text().brand()[1]);
  append_sequence(before, ids, {}, 0);
  const PackedBatch after = masked(before, whole_word());
  EXPECT_GT(after.masked_M.size(), 0u);
  EXPECT_EQ(after.masked_M.size() % 16, 0u);
  EXPECT_LT(after.masked_M.size(), 320u);
}

TEST(Masking, SpansAreMaskedWholeAndMoreOftenAsStrengthGrows) {
  const PackedBatch before = made_batch(made_text(), 7, 200, 2, 300);
  const auto share_and_broken = [&](double strength) {
    const std::vector<bool> mask = mask_of(masked(before, guided(strength)));
    int64_t tokens = 0, in_mask = 0, broken = 0, spans_found = 0;
    std::vector<Span> spans;
    for (int64_t s = 0; s < before.sequences(); ++s) {
      const int32_t begin = before.offsets_S1[s], length = before.offsets_S1[s + 1] - begin;
      masker().detector().find({before.tokens_T.data() + begin, static_cast<size_t>(length)},
                               spans);
      for (const Span& span : spans) {
        const auto first = mask.begin() + begin + span.begin;
        const int64_t count = std::count(first, first + (span.end - span.begin), true);
        tokens += span.end - span.begin;
        in_mask += count;
        broken += count != 0 && count != span.end - span.begin;
        ++spans_found;
      }
    }
    EXPECT_GT(spans_found, 5000);
    return std::pair{static_cast<double>(in_mask) / tokens,
                     static_cast<double>(broken) / spans_found};
  };
  const auto [share0, broken0] = share_and_broken(0);
  const auto [share_half, broken_half] = share_and_broken(0.5);
  const auto [share1, broken1] = share_and_broken(1);
  EXPECT_NEAR(share0, 0.3, 0.02);
  EXPECT_GT(share_half, share0 + 0.05);
  EXPECT_GT(share1, share_half + 0.05);
  EXPECT_GT(broken0, 0.3);
  EXPECT_GT(broken_half, 0.1);
  EXPECT_EQ(broken1, 0);
}

TEST(Masking, SalientTokensAreMaskedMoreOften) {
  const PackedBatch before = made_batch(made_text(), 8, 200, 2, 300);
  const int32_t brand = made_text().brand()[0];
  const Masker without(17, made_text().vocabulary());
  const auto rate = [&](const Masker& with) {
    const std::vector<bool> mask = mask_of(masked(before, guided(1), with));
    double seen = 0, hit = 0;
    for (size_t t = 0; t < mask.size(); ++t) {
      seen += before.tokens_T[t] == brand;
      hit += before.tokens_T[t] == brand && mask[t];
    }
    return hit / seen;
  };
  EXPECT_LT(rate(without), 0.3);
  EXPECT_GT(rate(masker()), 0.6);
}

TEST(Masking, WrongInputIsRefusedAndLeavesTheBatch) {
  const PackedBatch good = made_batch(made_text(), 9, 2, 2, 30);
  const auto message = [&](const MaskingSpec& spec, PackedBatch batch) -> std::string {
    const PackedBatch before = batch;
    try {
      masker().apply(spec, batch);
    } catch (const Error& error) {
      EXPECT_EQ(batch.tokens_T, before.tokens_T);
      EXPECT_TRUE(batch.masked_M.empty());
      return error.what();
    }
    return "nothing thrown";
  };
  EXPECT_THAT(message(uniform(0), good), HasSubstr("expected a probability in (0, 1], got 0"));
  EXPECT_THAT(message(uniform(1.5), good), HasSubstr("got 1.5"));
  EXPECT_THAT(message(uniform(std::nan("")), good), HasSubstr("probability"));
  EXPECT_THAT(message(guided(2), good), HasSubstr("expected a strength in [0, 1], got 2"));
  MaskingSpec shares = uniform();
  shares.random_share = 0.3;
  EXPECT_THAT(message(shares, good), HasSubstr("sum of at most 1, got 1.1"));
  PackedBatch bad = good;
  bad.tokens_T[5] = made_text().vocabulary().size();
  EXPECT_THAT(message(uniform(), bad), HasSubstr("expected ids below"));
  bad.tokens_T[5] = -1;
  EXPECT_THAT(message(uniform(), bad), HasSubstr("got -1"));
  bad = good;
  bad.offsets_S1.back() -= 1;
  EXPECT_THAT(message(uniform(), bad), HasSubstr("expected offsets from 0 to 120"));
  bad = good;
  bad.row_S.pop_back();
  EXPECT_THAT(message(uniform(), bad), HasSubstr("3 rows"));
}

TEST(Masking, ATableOfAnotherVocabularyIsRefused) {
  SalienceTable table = made_text().salience();
  table.domain_V.pop_back();
  EXPECT_THROW(Masker(1, made_text().vocabulary(), table), Error);
}

TEST(Masking, AnEmptyBatchStaysEmpty) {
  PackedBatch empty;
  empty.offsets_S1 = {0};
  masker().apply(uniform(), empty);
  EXPECT_TRUE(empty.masked_M.empty());
}

}  // namespace
}  // namespace rexbert::batch
