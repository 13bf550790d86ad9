#include "rexbert/batch/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "rexbert/core/error.h"

namespace rexbert::batch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

KeyedRng test_rng(uint64_t seed = 1) { return {seed, Purpose::kWindowOrder}; }

std::vector<TokenRange> documents(const std::vector<int32_t>& lengths) {
  std::vector<TokenRange> ranges;
  for (size_t i = 0; i < lengths.size(); ++i) {
    ranges.push_back({0, 0, static_cast<int32_t>(i), 1, 1 + lengths[i]});
  }
  return ranges;
}

std::vector<int32_t> lengths_of_kind(const std::string& kind, KeyedRng rng) {
  const auto below = [&](uint64_t bound) { return static_cast<int32_t>(rng.next_below(bound)); };
  std::vector<int32_t> lengths;
  if (kind == "empty window") return lengths;
  if (kind == "one huge") return {3'000'000};
  if (kind == "all 600") return std::vector<int32_t>(500, 600);
  if (kind == "all 1") return std::vector<int32_t>(20'000, 1);
  if (kind == "all of a row") return std::vector<int32_t>(100, 1022);
  if (kind == "just over a row") return std::vector<int32_t>(100, 1023);
  if (kind == "just over half a row") return std::vector<int32_t>(400, 511);
  for (int i = 0; i < 2000; ++i) {
    if (kind == "powers") lengths.push_back(1 << below(14));
    if (kind == "uniform") lengths.push_back(1 + below(2000));
    if (kind == "short and long")
      lengths.push_back(below(50) == 0 ? 20'000 + below(999) : 1 + below(40));
    if (kind == "awkward") lengths.push_back(1008 + below(14));
  }
  return lengths;
}

const std::vector<std::string> kKinds = {"empty window",
                                         "one huge",
                                         "all 600",
                                         "all 1",
                                         "all of a row",
                                         "just over a row",
                                         "just over half a row",
                                         "powers",
                                         "uniform",
                                         "short and long",
                                         "awkward"};

int64_t used(std::span<const TokenRange> chunks) {
  int64_t tokens = 0;
  for (const TokenRange& chunk : chunks) tokens += chunk.tokens() + kChunkOverhead;
  return tokens;
}

TEST(PackRows, FillsRowsAndLosesNothing) {
  for (const std::string& kind : kKinds) {
    for (const int32_t context : {128, 256, 512, 1024, 4096, 8192}) {
      SCOPED_TRACE(kind + " at " + std::to_string(context));
      const std::vector<TokenRange> ranges = documents(lengths_of_kind(kind, test_rng(7)));
      const PackedRows packed = pack_rows(ranges, context, test_rng());
      // At 256 and below a hole of two tokens cannot always be filled.
      const int32_t allowed = std::max(allowed_hole(context), kChunkOverhead);
      int64_t content = 0;
      for (int64_t row = 0; row < packed.rows(); ++row) {
        const int64_t tokens = used(packed.row(row));
        EXPECT_LE(tokens, context);
        EXPECT_GE(tokens, context - allowed);
      }
      EXPECT_LT(used(packed.waiting), context);
      std::vector<TokenRange> pieces = packed.chunks;
      pieces.insert(pieces.end(), packed.waiting.begin(), packed.waiting.end());
      std::sort(pieces.begin(), pieces.end());
      std::map<int32_t, int32_t> next;
      for (const TokenRange& piece : pieces) {
        const auto at = next.try_emplace(piece.sample, 1).first;
        ASSERT_EQ(piece.begin, at->second);
        ASSERT_GT(piece.tokens(), 0);
        at->second = piece.end;
        content += piece.tokens();
      }
      for (const TokenRange& range : ranges) {
        ASSERT_EQ(next.at(range.sample), range.end);
        content -= range.tokens();
      }
      EXPECT_EQ(content, 0);
    }
  }
}

TEST(PackRows, CutsLeaveNoSlivers) {
  for (const std::string& kind : kKinds) {
    if (kind == "all 1" || kind == "powers" || kind == "short and long" || kind == "uniform")
      continue;
    for (const int32_t context : {256, 512, 1024, 8192}) {
      const PackedRows packed =
          pack_rows(documents(lengths_of_kind(kind, test_rng(7))), context, test_rng());
      const auto slivers =
          std::count_if(packed.chunks.begin(), packed.chunks.end(),
                        [](const TokenRange& chunk) { return chunk.tokens() < kMinPiece; });
      // Below 1,024 tokens a row must be filled more exactly; chunks of one length leave no choice.
      EXPECT_LE(slivers, context >= 1024 ? 0 : packed.chunks.size() / 50 + 2)
          << kind << " at " << context;
    }
  }
}

TEST(PackRows, UsesBestFitBeforeItCuts) {
  // 700 + 320 and 600 + 420 fill rows of 1,024 to the last token with their four special tokens.
  const std::vector<TokenRange> ranges = documents({700, 600, 320, 420});
  const PackedRows packed = pack_rows(ranges, 1024, test_rng());
  ASSERT_EQ(packed.rows(), 2);
  EXPECT_THAT(packed.waiting, IsEmpty());
  for (int64_t row = 0; row < 2; ++row) EXPECT_EQ(used(packed.row(row)), 1024);
  EXPECT_EQ(packed.chunks.size(), 4u);
}

TEST(PackRows, CutsWhatDoesNotFit) {
  // Two documents of 600: a row holds one and 422 tokens of the other; 178 wait.
  const PackedRows packed = pack_rows(documents({600, 600}), 1024, test_rng());
  ASSERT_EQ(packed.rows(), 1);
  ASSERT_EQ(packed.waiting.size(), 1u);
  EXPECT_EQ(packed.waiting[0].tokens(), 1200 - 600 - 420);
  EXPECT_EQ(used(packed.row(0)), 1024);
}

TEST(PackRows, JoinsNeighboursOfOneSample) {
  const std::vector<TokenRange> cut = {
      {0, 0, 3, 501, 1001}, {0, 0, 3, 1, 501}, {1, 0, 3, 1001, 1006}};
  const PackedRows packed = pack_rows(cut, 2048, test_rng());
  EXPECT_THAT(packed.waiting,
              ElementsAre(TokenRange{1, 0, 3, 1001, 1006}, TokenRange{0, 0, 3, 1, 1001}));
}

TEST(PackRows, IsAFunctionOfRangesAndKey) {
  std::vector<TokenRange> ranges = documents(lengths_of_kind("uniform", test_rng(3)));
  const PackedRows first = pack_rows(ranges, 1024, test_rng(5));
  std::reverse(ranges.begin(), ranges.end());
  const PackedRows again = pack_rows(ranges, 1024, test_rng(5));
  const PackedRows other = pack_rows(ranges, 1024, test_rng(6));
  EXPECT_EQ(first.chunks, again.chunks);
  EXPECT_EQ(first.waiting, again.waiting);
  EXPECT_NE(first.chunks, other.chunks);
}

TEST(PackRows, RefusesContextsThatHoldNothing) {
  EXPECT_THROW(pack_rows({}, 15, test_rng()), Error);
}

}  // namespace
}  // namespace rexbert::batch
