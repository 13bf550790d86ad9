#include "rexbert/core/ordered_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "rexbert/core/strings.h"
#include "support/errors.h"

namespace rexbert {
namespace {

using ::testing::ElementsAreArray;

// Squares 0 to count - 1; `work` and `consume` may throw at a number.
std::vector<int> squares(int threads, int count, int work_fails_at = -1, int consume_fails_at = -1,
                         int next_fails_at = -1) {
  int item = 0;
  std::vector<int> results;
  ordered_map<int, int>(
      threads,
      [&]() -> std::optional<int> {
        if (item == next_fails_at) throw Error(ErrorCode::kIo, str_cat("next ", item));
        return item < count ? std::optional<int>(item++) : std::nullopt;
      },
      [&] {
        return [&](int&& value) {
          if (value >= work_fails_at && work_fails_at >= 0) {
            throw Error(ErrorCode::kIo, str_cat("work ", value));
          }
          return value * value;
        };
      },
      [&](int&& square) {
        if (static_cast<int>(results.size()) == consume_fails_at) {
          throw Error(ErrorCode::kIo, str_cat("consume ", square));
        }
        results.push_back(square);
      });
  return results;
}

TEST(OrderedMap, ResultsComeInTheOrderOfTheItems) {
  std::vector<int> expected(1000);
  for (int i = 0; i < 1000; ++i) expected[static_cast<size_t>(i)] = i * i;
  for (const int threads : {0, 1, 3}) {
    EXPECT_THAT(squares(threads, 1000), ElementsAreArray(expected)) << threads;
    EXPECT_TRUE(squares(threads, 0).empty());
  }
}

TEST(OrderedMap, TheFirstFailureInOrderIsThrown) {
  for (const int threads : {0, 1, 3}) {
    EXPECT_EQ(test::error_of([&] { squares(threads, 1000, 500); }), "I/O error: work 500");
    EXPECT_EQ(test::error_of([&] { squares(threads, 1000, -1, 3); }), "I/O error: consume 9");
    EXPECT_EQ(test::error_of([&] { squares(threads, 1000, -1, -1, 7); }), "I/O error: next 7");
  }
}

}  // namespace
}  // namespace rexbert
