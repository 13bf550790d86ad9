#include "rexbert/curate/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/error.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/line_features.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using ::testing::HasSubstr;

std::string features(std::string_view line) {
  std::string words;
  append_line_features(line, words);
  return words;
}

TEST(LineFeatures, KeepWordsAndTheKindOfNumbers) {
  EXPECT_EQ(features("Brand: Acme, 12.5 oz (Pack of 6), $19.99"),
            "brand : acme , <decimal> oz ( pack of <1> ) , <price> <label> <8w> <open>");
  EXPECT_EQ(features("It was built in 1887."), "it was built in <year> <8w> <closed>");
  EXPECT_EQ(features("Save 20% on the XR-500 500ml"),
            "save <share> on the <model> <3> ml <8w> <open>");
  EXPECT_EQ(features("New Blue Shoes"), "new blue shoes <title> <4w> <open>");
  EXPECT_EQ(features("12,50 \xE2\x82\xAC, or \xC2\xA3 7"),
            "<price> <currency> , or <price> <4w> <open>");
  EXPECT_EQ(features("don't Caf\xC3\xA9"), "don't caf\xC3\xA9 <2w> <open>");
}

TEST(LineFeatures, OfNoWordsAreEmpty) {
  EXPECT_EQ(features(""), "");
  EXPECT_EQ(features(" - * "), "*");
}

// Words of a made-up language: those of one kind, of the other, and of both.
std::vector<LabelledLine> made_lines(uint64_t seed, size_t count) {
  KeyedRng rng(seed, Purpose::kTest);
  std::vector<LabelledLine> lines(count);
  for (LabelledLine& line : lines) {
    line.ecommerce = rng.next_below(3) == 0;
    for (int i = 0; i < 8; ++i) {
      const bool common = rng.next_below(2) == 0;
      const char* kind = common ? "c" : line.ecommerce ? "e" : "o";
      line.features += str_cat(i > 0 ? " " : "", kind, rng.next_below(50));
    }
  }
  return lines;
}

class LineClassifierTest : public ::testing::Test {
 protected:
  static ClassifierOptions small() {
    ClassifierOptions options;
    options.buckets = 1000;  // quantization's time grows with them
    return options;
  }
  LineClassifier train(const ClassifierOptions& options = small()) {
    return LineClassifier::train(env_, made_lines(1, 2000), options, directory_ / "scratch");
  }

  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
};

TEST_F(LineClassifierTest, LearnsWhatTellsLinesApart) {
  for (const bool quantize : {false, true}) {
    ClassifierOptions options = small();
    options.quantize = quantize;
    const LineClassifier classifier = train(options);
    size_t right = 0;
    const auto held_out = made_lines(2, 1000);
    for (const LabelledLine& line : held_out) {
      right += (classifier.log_odds(line.features) > 0) == line.ecommerce;
    }
    EXPECT_GT(right, 980u) << "quantized: " << quantize;
  }
  EXPECT_FALSE(env_.exists(directory_ / "scratch"));
}

TEST_F(LineClassifierTest, TheSameLinesGiveTheSameBytesAndScores) {
  train().save(env_, directory_ / "a.ftz");
  train().save(env_, directory_ / "b.ftz");
  EXPECT_EQ(env_.read_file(directory_ / "a.ftz"), env_.read_file(directory_ / "b.ftz"));
  const LineClassifier trained = train();
  const LineClassifier loaded = LineClassifier::load(env_, directory_ / "a.ftz");
  for (const LabelledLine& line : made_lines(3, 50)) {
    EXPECT_EQ(loaded.log_odds(line.features), trained.log_odds(line.features));
  }
}

TEST_F(LineClassifierTest, ALineWithoutWordsSaysNothing) { EXPECT_EQ(train().log_odds(""), 0); }

TEST_F(LineClassifierTest, LinesOfOneKindAreRefused) {
  std::vector<LabelledLine> lines = made_lines(1, 100);
  for (LabelledLine& line : lines) line.ecommerce = true;
  EXPECT_THAT(
      test::error_of([&] { LineClassifier::train(env_, lines, {}, directory_ / "scratch"); }),
      HasSubstr("expected lines of both kinds, got 100 that are e-commerce and 0"));
}

TEST_F(LineClassifierTest, ATooLargeModelIsRefused) {
  ClassifierOptions options = small();
  options.most_bytes = 1000;
  EXPECT_THAT(test::error_of([&] { train(options); }), HasSubstr("at most 1000 bytes, got "));
}

TEST_F(LineClassifierTest, BrokenModelsAreRefusedByName) {
  train().save(env_, directory_ / "whole.ftz");
  const std::string whole = env_.read_file(directory_ / "whole.ftz");
  for (const size_t size : {size_t{0}, size_t{6}, whole.size() / 2, whole.size() - 1}) {
    publish_file(env_, directory_ / "cut.ftz", whole.substr(0, size));
    EXPECT_THAT(test::error_of([&] { LineClassifier::load(env_, directory_ / "cut.ftz"); }),
                HasSubstr("cut.ftz: expected a fastText model"))
        << size;
  }
  std::string other = whole;
  other.replace(other.find("__label__other"), 14, "__label__owner");
  publish_file(env_, directory_ / "other.ftz", other);
  EXPECT_THAT(test::error_of([&] { LineClassifier::load(env_, directory_ / "other.ftz"); }),
              HasSubstr("expected a model with the labels __label__ecommerce and __label__other"));
}

}  // namespace
}  // namespace rexbert::curate
