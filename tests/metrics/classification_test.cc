#include "rexbert/metrics/classification.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/errors.h"

namespace rexbert::metrics {
namespace {

using rexbert::test::error_of;

ConfusionMatrix matrix_of(const std::vector<int>& truth, const std::vector<int>& predicted,
                          int classes) {
  return ConfusionMatrix(truth, predicted, classes);
}

TEST(ConfusionMatrix, CountsEachPairOfClasses) {
  const auto matrix = matrix_of({0, 0, 1, 1, 2}, {0, 1, 1, 1, 0}, 3);
  EXPECT_EQ(matrix.total(), 5);
  EXPECT_EQ(matrix.count(0, 1), 1);
  EXPECT_EQ(matrix.count(1, 1), 2);
  EXPECT_EQ(matrix.count(2, 0), 1);
  EXPECT_EQ(matrix.count(2, 2), 0);
  EXPECT_EQ(matrix.counts(1).actual, 2);
  EXPECT_EQ(matrix.counts(1).predicted, 3);
  EXPECT_EQ(matrix.counts(1).correct, 2);
}

TEST(ConfusionMatrix, RefusesWhatIsNoPairOfClasses) {
  EXPECT_EQ(error_of([] { matrix_of({0, 1}, {0}, 2); }),
            "usage error: expected lists of one length, got 2 and 1");
  EXPECT_EQ(error_of([] { matrix_of({}, {}, 2); }),
            "usage error: expected at least 1 example, got 0");
  EXPECT_EQ(error_of([] { matrix_of({0}, {0}, 0); }),
            "usage error: expected at least one class, got 0");
  EXPECT_EQ(error_of([] { matrix_of({0, 2}, {0, 1}, 2); }),
            "usage error: example 1: expected a true class of 0 to 1, got 2");
  EXPECT_EQ(error_of([] { matrix_of({0, 1}, {-1, 1}, 2); }),
            "usage error: example 0: expected a predicted class of 0 to 1, got -1");
}

TEST(Accuracy, IsTheShareOfRightOnes) {
  EXPECT_EQ(accuracy(matrix_of({0, 1, 2, 1}, {0, 1, 1, 0}, 3)), 0.5);
}

TEST(ClassScores, OfThePositiveClass) {
  // Three positives, two found, with one false alarm: 2/3 each.
  const auto scores = class_scores(matrix_of({1, 1, 1, 0, 0}, {1, 1, 0, 1, 0}, 2), 1);
  EXPECT_DOUBLE_EQ(scores.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.f1, 2.0 / 3);
  EXPECT_EQ(scores.support, 3);
}

TEST(ClassScores, CountAQuotientByZeroAsZero) {
  const auto scores = class_scores(matrix_of({0, 0}, {0, 0}, 2), 1);
  EXPECT_EQ(scores.precision, 0);
  EXPECT_EQ(scores.recall, 0);
  EXPECT_EQ(scores.f1, 0);
}

TEST(AverageScores, LeaveOutClassesThatDoNotOccur) {
  // Class 0: precision 1, recall 1/2; class 1: precision 1/2, recall 1; class 2 never.
  const auto matrix = matrix_of({0, 0, 1}, {0, 1, 1}, 3);
  const auto macro = average_scores(matrix, Average::kMacro);
  EXPECT_DOUBLE_EQ(macro.precision, 0.75);
  EXPECT_DOUBLE_EQ(macro.recall, 0.75);
  EXPECT_DOUBLE_EQ(macro.f1, 2.0 / 3);
  const auto weighted = average_scores(matrix, Average::kWeighted);
  EXPECT_DOUBLE_EQ(weighted.precision, (2 * 1 + 0.5) / 3);
  EXPECT_DOUBLE_EQ(average_scores(matrix, Average::kMicro).f1, accuracy(matrix));
}

TEST(MatthewsCorrelation, OfTwoClasses) {
  // 6 true positives, 3 true negatives, 1 false positive, 2 false negatives:
  // (6*3 - 1*2) / sqrt(7*8*4*5).
  std::vector<int> truth, predicted;
  const auto add = [&](int count, int t, int p) {
    truth.insert(truth.end(), static_cast<size_t>(count), t);
    predicted.insert(predicted.end(), static_cast<size_t>(count), p);
  };
  add(6, 1, 1);
  add(3, 0, 0);
  add(1, 0, 1);
  add(2, 1, 0);
  EXPECT_DOUBLE_EQ(matthews_correlation(ConfusionMatrix(truth, predicted, 2)),
                   16 / std::sqrt(1120.0));
}

TEST(MatthewsCorrelation, IsZeroWithoutVariance) {
  EXPECT_EQ(matthews_correlation(matrix_of({0, 1}, {1, 1}, 2)), 0);
  EXPECT_EQ(matthews_correlation(matrix_of({1, 1}, {1, 1}, 2)), 0);
  EXPECT_EQ(matthews_correlation(matrix_of({0, 1, 2}, {0, 1, 2}, 3)), 1);
  EXPECT_EQ(matthews_correlation(matrix_of({0, 1}, {1, 0}, 2)), -1);
}

}  // namespace
}  // namespace rexbert::metrics
