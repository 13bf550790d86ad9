#include "rexbert/metrics/correlation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/errors.h"

namespace rexbert::metrics {
namespace {

using rexbert::test::error_of;
using Values = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Pearson, ByHand) {
  // Deviations (-1, 0, 1) and (-1, 1, 0): 1 / (sqrt 2 sqrt 2).
  EXPECT_DOUBLE_EQ(pearson(Values{1, 2, 3}, Values{0, 2, 1}), 0.5);
  EXPECT_DOUBLE_EQ(pearson(Values{1, 2, 4}, Values{-2, -4, -8}), -1);
}

TEST(Pearson, KeepsTinyAndHugeValuesApart) {
  EXPECT_DOUBLE_EQ(pearson(Values{1e-300, 2e-300, 3e-300}, Values{0, 2e200, 1e200}), 0.5);
}

TEST(Pearson, IsNotANumberWithoutVarianceOrForValuesThatAreNotFinite) {
  EXPECT_TRUE(std::isnan(pearson(Values{1, 1, 1}, Values{1, 2, 3})));
  EXPECT_TRUE(std::isnan(pearson(Values{1, 2, 3}, Values{0, 0, 0})));
  EXPECT_TRUE(std::isnan(pearson(Values{1, kNaN, 3}, Values{1, 2, 3})));
  EXPECT_TRUE(std::isnan(pearson(Values{1, 2, kInfinity}, Values{1, 2, 3})));
}

TEST(Spearman, SeesOnlyTheOrder) {
  EXPECT_DOUBLE_EQ(spearman(Values{1, 10, 1000}, Values{-5, 0, 0.1}), 1);
  EXPECT_DOUBLE_EQ(spearman(Values{1, 2, kInfinity}, Values{3, 2, 1}), -1);
  // Ranks (1.5, 1.5, 3) and (1, 2, 3): 1.5 / (sqrt 1.5 sqrt 2).
  EXPECT_DOUBLE_EQ(spearman(Values{7, 7, 9}, Values{1, 2, 3}), std::sqrt(0.75));
}

TEST(Spearman, IsNotANumberWithoutVarianceOrForNaN) {
  EXPECT_TRUE(std::isnan(spearman(Values{1, 1}, Values{1, 2})));
  EXPECT_TRUE(std::isnan(spearman(Values{1, 2, 3}, Values{1, kNaN, 3})));
}

TEST(MidRanks, ShareThePlacesOfEqualValues) {
  EXPECT_THAT(mid_ranks(Values{30, 10, 30, 20, 30}), testing::ElementsAre(4, 1, 4, 2, 4));
  EXPECT_THAT(mid_ranks(Values{0.0, -0.0}), testing::ElementsAre(1.5, 1.5));
  EXPECT_TRUE(mid_ranks({}).empty());
}

TEST(Correlation, RefusesWhatHasNone) {
  EXPECT_EQ(error_of([] { pearson(Values{1, 2}, Values{1}); }),
            "usage error: expected lists of one length, got 2 and 1");
  EXPECT_EQ(error_of([] { spearman(Values{1, 2}, Values{1, 2, 3}); }),
            "usage error: expected lists of one length, got 2 and 3");
  EXPECT_EQ(error_of([] { pearson(Values{1}, Values{1}); }),
            "usage error: expected at least 2 examples, got 1");
  EXPECT_EQ(error_of([] { spearman({}, {}); }), "usage error: expected at least 2 examples, got 0");
}

}  // namespace
}  // namespace rexbert::metrics
