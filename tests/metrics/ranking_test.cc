#include "rexbert/metrics/ranking.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/errors.h"

namespace rexbert::metrics {
namespace {

using rexbert::test::error_of;
using Values = std::vector<double>;

const double kSecond = 1 / std::log2(3.0);  // the discount of rank 2; that of rank 3 is 1/2

TEST(Ndcg, OfARankingByHand) {
  EXPECT_DOUBLE_EQ(ndcg(Values{1, 0, 0.66}, Values{0.1, 0.3, 0.2}),
                   (0.66 * kSecond + 1 * 0.5) / (1 + 0.66 * kSecond));
  EXPECT_DOUBLE_EQ(ndcg(Values{0, 0.33, 1}, Values{-1, 5, 9}), 1);
}

TEST(Ndcg, StopsAtTheCutoff) {
  EXPECT_DOUBLE_EQ(ndcg(Values{1, 0, 0.66}, Values{0.1, 0.3, 0.2}, 2),
                   0.66 * kSecond / (1 + 0.66 * kSecond));
  EXPECT_EQ(ndcg(Values{1, 0, 0.66}, Values{0.1, 0.3, 0.2}, 1), 0);
  EXPECT_EQ(ndcg(Values{1, 0, 0.66}, Values{0.1, 0.3, 0.2}, 99),
            ndcg(Values{1, 0, 0.66}, Values{0.1, 0.3, 0.2}));
}

TEST(Ndcg, SharesGainsAmongItemsOfOneScore) {
  EXPECT_DOUBLE_EQ(ndcg(Values{1, 0}, Values{3, 3}), 0.5 * (1 + kSecond));
  EXPECT_DOUBLE_EQ(ndcg(Values{0, 1}, Values{3, 3}), 0.5 * (1 + kSecond));
  EXPECT_DOUBLE_EQ(ndcg(Values{10, 0, 0, 1, 5}, Values{1, 0, 0, 0, 1}, 1), 0.75);
}

TEST(Ndcg, IsZeroWhereNothingHasAGain) {
  EXPECT_EQ(ndcg(Values{0, 0, 0}, Values{1, 2, 3}), 0);
  EXPECT_EQ(ndcg(Values{0}, Values{1}), 0);
  EXPECT_EQ(ndcg(Values{0.33}, Values{-1}), 1);
}

TEST(Ndcg, RefusesWhatIsNoRanking) {
  EXPECT_EQ(error_of([] { ndcg(Values{1, 0}, Values{1}); }),
            "usage error: expected lists of one length, got 2 and 1");
  EXPECT_EQ(error_of([] { ndcg({}, {}); }), "usage error: expected at least 1 example, got 0");
  EXPECT_EQ(error_of([] { ndcg(Values{1}, Values{1}, 0); }),
            "usage error: expected a cut-off of at least 1, got 0");
  EXPECT_EQ(error_of([] { ndcg(Values{1, -0.5}, Values{1, 2}); }),
            "usage error: item 1: expected a finite gain of at least 0, got -0.5");
  EXPECT_EQ(
      error_of([] { ndcg(Values{1, 0}, Values{1, std::numeric_limits<double>::quiet_NaN()}); }),
      "numeric error: item 1: expected a finite score, got nan");
}

}  // namespace
}  // namespace rexbert::metrics
