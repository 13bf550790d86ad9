#include "rexbert/curate/line_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rexbert/core/philox.h"

namespace rexbert::curate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// Sums over all 2^L ways that the lines can be.
std::vector<double> by_enumeration(const std::vector<double>& log_odds, double stay) {
  const size_t count = log_odds.size();
  std::vector<double> first(count, 0);
  double total = 0;
  for (uint32_t kinds = 0; kinds < 1u << count; ++kinds) {
    double weight = 1;
    for (size_t i = 0; i < count; ++i) {
      const bool is_first = (kinds >> i) & 1;
      if (is_first) weight *= std::exp(log_odds[i]);
      if (i > 0) weight *= is_first == ((kinds >> (i - 1)) & 1) ? stay : 1 - stay;
    }
    total += weight;
    for (size_t i = 0; i < count; ++i) first[i] += (kinds >> i) & 1 ? weight : 0;
  }
  for (double& value : first) value /= total;
  return first;
}

TEST(SmoothLines, AreTheMarginalsOfTheChain) {
  KeyedRng rng(1, Purpose::kTest);
  for (const double stay : {0.6, 0.9, 0.99}) {
    std::vector<double> log_odds(10);
    for (double& value : log_odds) value = 6 * rng.next_uniform() - 3;
    const auto expected = by_enumeration(log_odds, stay);
    const auto got = smooth_lines(log_odds, stay);
    for (size_t i = 0; i < log_odds.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-12);
  }
}

TEST(SmoothLines, OfOneLineAreItsOwnOdds) {
  EXPECT_THAT(smooth_lines({}, 0.9), IsEmpty());
  EXPECT_NEAR(smooth_lines({1.5}, 0.9)[0], logistic(1.5), 1e-15);
}

TEST(SmoothLines, CertainLinesStayFinite) {
  for (const double value : smooth_lines({12, -12, 12, 12, -12}, 0.999999)) {
    EXPECT_TRUE(std::isfinite(value));
  }
}

std::vector<std::string_view> lines_of(const std::string& marks) {
  std::vector<std::string_view> lines;
  for (const char mark : marks) lines.push_back(mark == ' ' ? " \t" : "text");
  return lines;
}

// 'x' is likely, '.' is not, ' ' is a blank line.
LineSpans kept(const std::string& marks, int64_t min_run, int64_t bridge) {
  LineFilterOptions options;
  options.min_run = min_run;
  options.bridge = bridge;
  std::vector<double> probability;
  for (const char mark : marks) probability.push_back(mark == 'x' ? 0.7 : mark == ' ' ? 1 : 0.3);
  return keep_lines(lines_of(marks), probability, 0.7, options);
}

TEST(KeepLines, TakesRunsAndBridgesGaps) {
  EXPECT_THAT(kept("..xx.xx..", 1, 0), ElementsAre(Pair(2, 4), Pair(5, 7)));
  EXPECT_THAT(kept("..xx.xx..", 1, 1), ElementsAre(Pair(2, 7)));
  EXPECT_THAT(kept("..xx..xx.", 1, 1), ElementsAre(Pair(2, 4), Pair(6, 8)));
  EXPECT_THAT(kept(".x", 1, 5), ElementsAre(Pair(1, 2))) << "a gap at the end is none";
  EXPECT_THAT(kept("", 1, 1), IsEmpty());
}

TEST(KeepLines, DropsShortRunsAfterBridging) {
  EXPECT_THAT(kept("x..xx...x.x", 3, 1), ElementsAre(Pair(8, 11)));
  EXPECT_THAT(kept("x", 3, 1), ElementsAre(Pair(0, 1))) << "all that there is";
  EXPECT_THAT(kept("x.", 2, 1), IsEmpty());
}

TEST(KeepLines, BlankLinesCountForNothing) {
  EXPECT_THAT(kept(" x  x . ", 2, 0), ElementsAre(Pair(1, 5)));
  EXPECT_THAT(kept("x .  x", 2, 1), ElementsAre(Pair(0, 6)));
  EXPECT_THAT(kept("   ", 1, 1), IsEmpty());
}

TEST(KeptText, JoinsTheSpans) {
  EXPECT_EQ(kept_text({"a", "b", "c", "d"}, {{0, 1}, {2, 4}}), "a\nc\nd");
}

TEST(ReasonToDrop, IsTheFirstThatHolds) {
  LineFilterOptions options;
  options.min_share = 0.5;
  options.min_bytes = 60;
  EXPECT_STREQ(reason_to_drop(100, 0, options), "no line");
  EXPECT_STREQ(reason_to_drop(100, 49, options), "share");
  EXPECT_STREQ(reason_to_drop(100, 59, options), "length");
  EXPECT_EQ(reason_to_drop(100, 60, options), nullptr);
}

}  // namespace
}  // namespace rexbert::curate
