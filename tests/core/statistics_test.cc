#include "rexbert/core/statistics.h"

#include <gtest/gtest.h>

namespace rexbert {
namespace {

TEST(Median, IsTheMiddleValueOrTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({9, 1, 5, 2}), 3.5);
}

}  // namespace
}  // namespace rexbert
