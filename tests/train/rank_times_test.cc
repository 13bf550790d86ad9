#include "train/rank_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/consistency.h"

namespace rexbert::train {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Fast ranks wait for the slow one where gradients are added up, so steps take as long everywhere.
RankTimes times(double wait, double compute, const std::string& host) {
  constexpr double kStep = 3;
  return {kStep, wait, kStep - wait - compute, host};
}

TEST(RankTimes, ASlowRankIsNamedByItsOwnWork) {
  EXPECT_THAT(
      slow_ranks({times(0, 1, "a"), times(0, 1.1, "b"), times(0, 2, "c"), times(0.1, 0.9, "d")}),
      ElementsAre("rank 2 on c is slow: 2.000 s of its own a step (0.000 s of it waiting "
                  "for data), the median is 1.050 s"));
  EXPECT_THAT(slow_ranks({times(1.5, 1, "a"), times(0, 1, "b"), times(0, 1, "c")}),
              ElementsAre("rank 0 on a is slow: 2.500 s of its own a step (1.500 s of it waiting "
                          "for data), the median is 1.000 s"));
}

TEST(RankTimes, LikeRanksAndPairsAreNotNamed) {
  EXPECT_THAT(slow_ranks({times(0, 1, "a"), times(0, 1.2, "b"), times(0, 1.2, "c")}), IsEmpty());
  EXPECT_THAT(slow_ranks({times(0, 1, "a"), times(0, 3, "b")}), IsEmpty());
  EXPECT_THAT(slow_ranks({times(0, 0.01, "a"), times(0, 0.05, "b"), times(0, 0.01, "c")}),
              IsEmpty())
      << "milliseconds are noise";
}

TEST(RankTimes, TheSpreadHasLeastMedianAndMost) {
  const Json spread = spread_of({times(0, 1, "a"), times(0.5, 1, "b"), times(1, 2, "c")});
  EXPECT_EQ(spread["data_wait"], (Json{{"min", 0.0}, {"median", 0.5}, {"max", 1.0}}));
  EXPECT_EQ(spread["compute"], (Json{{"min", 1.0}, {"median", 1.0}, {"max", 2.0}}));
  EXPECT_EQ(spread["exposed"], (Json{{"min", 0.0}, {"median", 1.5}, {"max", 2.0}}));
}

TEST(RankTimes, SurviveTheWayToRankZero) {
  const RankTimes sent = times(0.25, 1, "node7");
  const RankTimes got = RankTimes::from_json(Json::parse(sent.to_json().dump()));
  EXPECT_EQ(got.step, sent.step);
  EXPECT_EQ(got.data_wait, sent.data_wait);
  EXPECT_EQ(got.exposed, sent.exposed);
  EXPECT_EQ(got.host, "node7");
}

TEST(Consistency, DifferencesNameValuesAndRanks) {
  EXPECT_THAT(differences({{{"a", "1"}, {"b", "2"}}, {{"a", "1"}, {"b", "2"}}}), IsEmpty());
  EXPECT_THAT(
      differences({{{"a", "1"}, {"b", "2"}}, {{"a", "1"}, {"b", "2"}}, {{"a", "3"}, {"c", "4"}}}),
      ElementsAre("a: 1 on rank 0, 3 on rank 2", "b: 2 on rank 0, nothing on rank 2",
                  "c: nothing on rank 0, 4 on rank 2"));
}

TEST(Consistency, TheOddRankIsTheOneUnlikeMost) {
  const std::vector<std::string> names = {"embedding", "head"};
  EXPECT_EQ(odd_ranks(names, {{"x", "y"}, {"x", "y"}, {"x", "y"}}), "");
  EXPECT_EQ(odd_ranks(names, {{"x", "z"}, {"x", "y"}, {"x", "y"}}), "head on rank 0");
  EXPECT_EQ(odd_ranks(names, {{"x", "y"}, {"w", "y"}, {"v", "y"}, {"x", "y"}}),
            "embedding on rank 1, 2");
  EXPECT_EQ(odd_ranks(names, {{"x", "y"}, {"w", "y"}}), "embedding on rank 1") << "rank 0 counts";
}

}  // namespace
}  // namespace rexbert::train
