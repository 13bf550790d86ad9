#include "rexbert/core/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace rexbert {
namespace {

TEST(Median, IsTheMiddleValueOrTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({9, 1, 5, 2}), 3.5);
}

TEST(Mean, IsTheSumByTheCount) {
  EXPECT_EQ(mean(std::vector<double>{1, 2, 6}), 3);
  EXPECT_TRUE(std::isnan(mean({})));
}

TEST(SampleStandardDeviation, DividesByOneLessThanTheCount) {
  EXPECT_EQ(sample_standard_deviation(std::vector<double>{1, 3, 5, 7, 9}), std::sqrt(10.0));
  EXPECT_EQ(sample_standard_deviation(std::vector<double>{4, 4}), 0);
  EXPECT_TRUE(std::isnan(sample_standard_deviation(std::vector<double>{4})));
}

}  // namespace
}  // namespace rexbert
