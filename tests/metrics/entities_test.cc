#include "rexbert/metrics/entities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/errors.h"

namespace rexbert::metrics {
namespace {

using rexbert::test::error_of;
using testing::ElementsAre;
using testing::IsEmpty;
using Sequences = std::vector<TagSequence>;

constexpr EntityMode kConll = EntityMode::kConll;
constexpr EntityMode kStrict = EntityMode::kStrictIob2;

TEST(FindEntities, OfWellFormedTagsAreTheSameInBothModes) {
  const Sequences sequences = {{"B-color", "I-color", "O", "B-size", "B-size"}, {"B-color"}};
  for (const EntityMode mode : {kConll, kStrict}) {
    EXPECT_THAT(find_entities(sequences, mode),
                ElementsAre(Entity{"color", 0, 2}, Entity{"color", 6, 7}, Entity{"size", 3, 4},
                            Entity{"size", 4, 5}));
  }
}

TEST(FindEntities, BeginWithoutBInConllModeAlone) {
  const Sequences sequences = {{"I-color", "I-color", "I-size", "O", "I-size"}};
  EXPECT_THAT(find_entities(sequences, kConll),
              ElementsAre(Entity{"color", 0, 2}, Entity{"size", 2, 3}, Entity{"size", 4, 5}));
  EXPECT_THAT(find_entities(sequences, kStrict), IsEmpty());
}

TEST(FindEntities, AnotherTypeInsideEndsAnEntity) {
  const Sequences sequences = {{"B-color", "I-size", "I-color"}};
  EXPECT_THAT(find_entities(sequences, kConll),
              ElementsAre(Entity{"color", 0, 1}, Entity{"color", 2, 3}, Entity{"size", 1, 2}));
  EXPECT_THAT(find_entities(sequences, kStrict), ElementsAre(Entity{"color", 0, 1}));
}

TEST(FindEntities, DoNotReachIntoTheNextSequence) {
  const Sequences sequences = {{"B-color"}, {"I-color"}, {}};
  EXPECT_THAT(find_entities(sequences, kConll),
              ElementsAre(Entity{"color", 0, 1}, Entity{"color", 2, 3}));
}

TEST(FindEntities, NamesOfTypesAreWhatStandsBehindTheHyphen) {
  EXPECT_THAT(find_entities(Sequences{{"B", "O", "B-a-b", "B-Brand Name"}}, kConll),
              ElementsAre(Entity{"Brand Name", 3, 4}, Entity{"_", 0, 1}, Entity{"a-b", 2, 3}));
  EXPECT_THAT(find_entities(Sequences{{"B--a"}}, kConll), ElementsAre(Entity{"-a", 0, 1}));
  EXPECT_THAT(find_entities(Sequences{{"B--a-"}}, kStrict), ElementsAre(Entity{"a", 0, 1}));
}

TEST(FindEntities, RefuseTagsOfOtherSchemes) {
  EXPECT_EQ(
      error_of([] { find_entities(Sequences{{"O"}, {"O", "E-color"}}, kStrict); }),
      "usage error: sequence 1, word 1: expected O, B-type or I-type, got the tag \"E-color\"");
  EXPECT_EQ(error_of([] { find_entities(Sequences{{""}}, kStrict); }),
            "usage error: sequence 0, word 0: expected O, B-type or I-type, got the tag \"\"");
  EXPECT_EQ(error_of([] { find_entities(Sequences{{"O", ""}}, kConll); }),
            "usage error: sequence 0, word 1: expected a tag, got the tag \"\"");
}

TEST(ScoreEntities, ByHand) {
  // Of three true entities one is found whole; one is cut short; a false one stands elsewhere.
  const Sequences truth = {{"B-color", "O", "B-size", "I-size"}, {"B-color", "O"}};
  const Sequences predicted = {{"B-color", "O", "B-size", "O"}, {"O", "B-shape"}};
  const EntityReport report = score_entities(truth, predicted, kConll);
  EXPECT_DOUBLE_EQ(report.micro.precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(report.micro.recall, 1.0 / 3);
  EXPECT_DOUBLE_EQ(report.micro.f1, 1.0 / 3);
  EXPECT_EQ(report.micro.support, 3);
  ASSERT_EQ(report.types.size(), 3u);
  EXPECT_EQ(report.types.at("color").precision, 1);
  EXPECT_EQ(report.types.at("color").recall, 0.5);
  EXPECT_EQ(report.types.at("size").f1, 0);
  EXPECT_EQ(report.types.at("shape").support, 0);
  EXPECT_DOUBLE_EQ(report.macro.f1, 2.0 / 3 / 3);
  EXPECT_DOUBLE_EQ(report.weighted.f1, 2 * (2.0 / 3) / 3);
}

TEST(ScoreEntities, WithoutAnyEntity) {
  const EntityReport report = score_entities(Sequences{{"O"}}, Sequences{{"O"}}, kConll);
  EXPECT_TRUE(report.types.empty());
  EXPECT_EQ(report.micro.f1, 0);
  EXPECT_TRUE(std::isnan(report.macro.f1));
  EXPECT_EQ(report.weighted.f1, 0);
}

TEST(ScoreEntities, RefusesSequencesThatDoNotMatch) {
  EXPECT_EQ(error_of([] { score_entities(Sequences{}, Sequences{}, kConll); }),
            "usage error: expected at least 1 example, got 0");
  EXPECT_EQ(error_of([] { score_entities(Sequences{{"O"}}, Sequences{}, kConll); }),
            "usage error: expected lists of one length, got 1 and 0");
  EXPECT_EQ(error_of([] { score_entities(Sequences{{"O"}, {"O"}}, Sequences{{"O"}, {}}, kConll); }),
            "usage error: sequence 1: expected lists of one length, got 1 and 0");
}

}  // namespace
}  // namespace rexbert::metrics
