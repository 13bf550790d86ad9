#include "rexbert/plan/batch_share.h"

#include <gtest/gtest.h>

#include "support/errors.h"

namespace rexbert::plan {
namespace {

using test::error_of;

constexpr int64_t kMicroTokens = 16'384;

// The base recipe: 192 lanes, 192 rows growing to 4,608 of 1,024 tokens, later 576 of 8,192.
TEST(BatchShare, OfTheBaseRecipe) {
  const auto share = [](int64_t rows, int64_t context_length, int64_t ranks) {
    return share_batch(rows, context_length, kMicroTokens, ranks);
  };
  EXPECT_EQ(share(192, 1024, 1), (BatchShare{192, 192, 16, 12, 16}));
  EXPECT_EQ(share(4608, 1024, 1), (BatchShare{4608, 4608, 16, 288, 16}));
  EXPECT_EQ(share(576, 8192, 1), (BatchShare{576, 576, 2, 288, 2}));

  EXPECT_EQ(share(192, 1024, 8), (BatchShare{192, 24, 16, 2, 8}));
  EXPECT_EQ(share(4608, 1024, 8), (BatchShare{4608, 576, 16, 36, 16}));
  EXPECT_EQ(share(576, 8192, 8), (BatchShare{576, 72, 2, 36, 2}));

  EXPECT_EQ(share(192, 1024, 32), (BatchShare{192, 6, 6, 1, 6}));
  EXPECT_EQ(share(4608, 1024, 32), (BatchShare{4608, 144, 16, 9, 16}));
  EXPECT_EQ(share(576, 8192, 32), (BatchShare{576, 18, 2, 9, 2}));

  EXPECT_EQ(share(192, 1024, 64), (BatchShare{192, 3, 3, 1, 3}));
  EXPECT_EQ(share(4608, 1024, 64), (BatchShare{4608, 72, 16, 5, 8}));
  EXPECT_EQ(share(576, 8192, 64), (BatchShare{576, 9, 2, 5, 1}));
}

TEST(BatchShare, AMicroBatchHoldsAtLeastOneRow) {
  EXPECT_EQ(share_batch(6, 8192, 1000, 2), (BatchShare{6, 3, 1, 3, 1}));
}

TEST(BatchShare, LanesOfTheBaseRecipe) {
  EXPECT_EQ(lanes_per_rank(192, 1), 192);
  EXPECT_EQ(lanes_per_rank(192, 8), 24);
  EXPECT_EQ(lanes_per_rank(192, 32), 6);
  EXPECT_EQ(lanes_per_rank(192, 64), 3);
  EXPECT_EQ(lanes_per_rank(192, 192), 1);
}

TEST(BatchShare, RefusesOtherNumbersOfRanksNamingTheNearest) {
  const auto refusal = [](int64_t ranks) { return error_of([&] { lanes_per_rank(192, ranks); }); };
  EXPECT_EQ(
      refusal(100),
      "usage error: expected a number of ranks that divides the 192 lanes, got 100; nearest are "
      "96 and 192");
  EXPECT_EQ(
      refusal(5),
      "usage error: expected a number of ranks that divides the 192 lanes, got 5; nearest are 4 "
      "and 6");
  EXPECT_EQ(
      refusal(193),
      "usage error: expected a number of ranks that divides the 192 lanes, got 193; nearest is "
      "192");
  EXPECT_EQ(
      refusal(0),
      "usage error: expected a number of ranks that divides the 192 lanes, got 0; nearest is 1");
  EXPECT_EQ(
      refusal(-8),
      "usage error: expected a number of ranks that divides the 192 lanes, got -8; nearest is 1");
}

}  // namespace
}  // namespace rexbert::plan
