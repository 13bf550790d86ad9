#include "rexbert/curate/weak_labeller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "curate/line_truth.h"
#include "curate/text_kinds.h"
#include "rexbert/core/philox.h"
#include "rexbert/corpus/sample_corpus.h"
#include "support/errors.h"

namespace rexbert::curate {
namespace {

using test::LineScore;
using test::TextKind;
using test::TrueLine;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<double> scores_of(const std::vector<std::string>& lines,
                              WeakLabellerOptions options = {}) {
  Document document;
  for (const std::string& line : lines) document.text += line + "\n";
  return WeakLabeller(options).scores(document);
}

std::vector<std::string> reasons(const std::string& line) {
  static const WeakLabeller labeller;
  std::vector<std::string> names;
  for (const Evidence& evidence : labeller.explain(line)) names.emplace_back(evidence.what);
  return names;
}

TEST(WeakLabeller, SeesPatterns) {
  EXPECT_THAT(reasons("Now $24.99"), Contains("price"));
  EXPECT_THAT(reasons("for 24,99 \xE2\x82\xAC"), Contains("price"));
  EXPECT_THAT(reasons("a deal of $3 billion"), Contains("large amount"));
  EXPECT_THAT(reasons("a deal of $3 billion"), Not(Contains("price")));
  EXPECT_THAT(reasons("up to 30% off"), Contains("percent off"));
  EXPECT_THAT(reasons("a 16GB stick"), Contains("size"));
  EXPECT_THAT(reasons("12 oz of it"), Contains("size"));
  EXPECT_THAT(reasons("the 3 in 1958"), Not(Contains("size")));
  EXPECT_THAT(reasons("the VX-2200A"), Contains("model number"));
  EXPECT_THAT(reasons("the 1920s and the 20th"), Not(Contains("model number")));
  EXPECT_THAT(reasons("Colour: navy"), Contains("product key"));
  EXPECT_THAT(reasons("\xE2\x80\xA2 Part_Number: 7"), Contains("product key"));
  EXPECT_THAT(reasons("Director: somebody"), Contains("other key"));
  EXPECT_THAT(reasons("EASY TO CLEAN: goes anywhere"), Contains("key"));
  EXPECT_THAT(reasons("Home > Toys > Puzzles"), Contains("breadcrumb"));
  EXPECT_THAT(reasons("on 3 March 1951"), Contains("date"));
  EXPECT_THAT(reasons("since 1951"), Contains("year"));
  EXPECT_THAT(reasons("the 1950s"), Contains("years"));
  EXPECT_THAT(reasons("\"Never,\" she said"), Contains("dialogue"));
  EXPECT_THAT(reasons("\xE2\x80\x9CNever,\xE2\x80\x9D she said"), Contains("dialogue"));
  EXPECT_THAT(reasons("as shown [12]"), Contains("reference"));
  EXPECT_THAT(reasons("Norwell Kettle, 1.7 l, Black"), Contains("title"));
  EXPECT_THAT(reasons("\xF0\x9F\x92\xAA strong"), Contains("bullet"));
}

TEST(WeakLabeller, SeesPhrases) {
  EXPECT_THAT(reasons("ADD TO CART"), ElementsAre("shop action"));
  EXPECT_THAT(reasons("two jackets"), Contains("clothing"));
  EXPECT_THAT(reasons("he was born in a village"), Contains("biography"));
  EXPECT_THAT(reasons("pack of 6"), Contains("size and count"));
  EXPECT_THAT(reasons("it isn\xE2\x80\x99t the men\xE2\x80\x99s"), Contains("clothing"));
  EXPECT_THAT(reasons(""), IsEmpty());
  EXPECT_THAT(reasons("  \t"), IsEmpty());
}

TEST(WeakLabeller, CapsWhatAGroupGives) {
  const WeakLabeller labeller;
  EXPECT_THAT(labeller.explain("He and she and his and her and him and who and hers"),
              ElementsAre(Evidence{"third person", -3.6}));
  EXPECT_THAT(labeller.explain("he he he"), ElementsAre(Evidence{"third person", -0.9}));
}

TEST(WeakLabeller, LetsLonelyLinesFollowTheirNeighbours) {
  const std::string shop = "Brand: Norwell";
  const std::string story = "\"My dear lady,\" he replied, and his voice fell.";
  const std::string neither = "And so on";
  EXPECT_LT(scores_of({neither})[0], 0.5);
  EXPECT_GT(scores_of({shop, neither, shop})[1], 0.6);
  EXPECT_LT(scores_of({story, neither, story})[1], 0.05);
  // Blank lines take what stands around them.
  EXPECT_GT(scores_of({shop, "", shop})[1], 0.9);
  EXPECT_LT(scores_of({story, "", story})[1], 0.1);
  EXPECT_EQ(scores_of({""})[0], 0.5);
}

TEST(WeakLabeller, FindsSwitchesInADocument) {
  const std::vector<std::string> lines = {"\"My dear lady,\" he replied, and his voice fell.",
                                          "She had been born in a village in the north.",
                                          "Add to cart",
                                          "Brand: Norwell",
                                          "Price: $24.99",
                                          "He said that the war was lost and wept.",
                                          "They buried her father in the old churchyard in 1871."};
  const std::vector<double> scores = scores_of(lines);
  EXPECT_THAT(std::vector<double>(scores.begin(), scores.begin() + 2), Each(Le(0.2)));
  EXPECT_THAT(std::vector<double>(scores.begin() + 2, scores.begin() + 5), Each(Ge(0.8)));
  EXPECT_THAT(std::vector<double>(scores.begin() + 5, scores.end()), Each(Le(0.2)));
}

TEST(WeakLabeller, SmoothsAsBayesSays) {
  // Two lines, one without evidence of its own: by hand, with emission odds e of the prior alone
  // and f = e * exp(evidence of the other).
  double evidence = 0;
  for (const Evidence& reason : WeakLabeller().explain("Brand: x")) evidence += reason.log_odds;
  const double e = 0.3 / 0.7;
  const double f = e * std::exp(evidence);
  const double stay = 0.8;
  const double both = stay * e * f;
  const double first = (1 - stay) * e;
  const double second = (1 - stay) * f;
  const double neither = stay;
  const double sum = both + first + second + neither;
  const std::vector<double> scores = scores_of({"And so on", "Brand: x"}, {.stay = stay});
  ASSERT_THAT(scores, SizeIs(2));
  // Rounding of a few exponentials.
  EXPECT_NEAR(scores[0], (both + first) / sum, 1e-12);
  EXPECT_NEAR(scores[1], (both + second) / sum, 1e-12);
  // Lines alone.
  EXPECT_NEAR(scores_of({"And so on", "Brand: x"}, {.stay = 0.5})[0], 0.3, 1e-12);
}

TEST(WeakLabeller, LabelsTheLinesOfItsTasks) {
  std::vector<LabelTask> tasks(2);
  tasks[0].document.text = "Add to cart\nPrice: $5.00\n";
  tasks[0].lines = {1};
  tasks[1].document.text = "She was born in 1871.\n";
  tasks[1].lines = {0};
  WeakLabeller labeller;
  labeller.label(tasks);
  EXPECT_THAT(tasks[0].labels, ElementsAre(Label::kEcommerce));
  EXPECT_THAT(tasks[1].labels, ElementsAre(Label::kOther));
  tasks[1].lines = {1};
  EXPECT_THAT(test::error_of([&] { labeller.label(tasks); }),
              HasSubstr("expected a line below 1, got 1"));
}

TEST(WeakLabeller, TakesAnyText) {
  const std::string odd[] = {std::string(100000, 'a'),
                             "\xF0\x9F\x92\xAA",
                             ":::",
                             ". . .",
                             "$ $ $",
                             "\xE2\x80\x9C\xE2\x80\x9D",
                             "1-",
                             "'",
                             "a:",
                             "\xC2\xA3"};
  for (const std::string& line : odd) {
    const double score = scores_of({line})[0];
    EXPECT_GT(score, 0) << line.substr(0, 20);
    EXPECT_LT(score, 1);
  }
  EXPECT_THAT(scores_of({}), IsEmpty());
  // Certainty over thousands of lines stays finite.
  const std::vector<double> many =
      scores_of(std::vector<std::string>(5000, "Add to cart $5.00 free shipping"), {.stay = 0.999});
  EXPECT_THAT(many, Each(Ge(0.99)));
}

TEST(WeakLabeller, RefusesBadOptions) {
  EXPECT_EQ(test::error_of([] { WeakLabeller({.prior = 1}); }),
            "config error: weak labeller: prior: expected a number of (0, 1), got 1");
  EXPECT_THAT(test::error_of([] { WeakLabeller({.stay = 0.4}); }), HasSubstr("stay"));
  EXPECT_THAT(test::error_of([] { WeakLabeller({.threshold = 0}); }), HasSubstr("threshold"));
}

// Documents of one to four passages of different kinds, three to seven lines each.
LineScore score_of_kinds(std::span<const TextKind> kinds) {
  WeakLabeller labeller;
  LineScore score;
  for (uint64_t i = 0; i < 800; ++i) {
    KeyedRng rng(17, Purpose::kTest, 1, i);
    std::vector<TrueLine> lines;
    const uint64_t passages = 1 + rng.next_below(4);
    for (uint64_t passage = 0; passage < passages; ++passage) {
      const TextKind& kind = kinds[rng.next_below(kinds.size())];
      const size_t count = 3 + rng.next_below(5);
      for (std::string& line : test::make_lines(kind, rng.next_u64(), count)) {
        lines.push_back({std::move(line), kind.ecommerce, std::string(kind.name)});
      }
    }
    test::score_lines(labeller, lines, score);
  }
  return score;
}

TEST(WeakLabellerQuality, OnKindsOfText) {
  const LineScore score = score_of_kinds(test::text_kinds());
  std::cout << score.to_text();
  EXPECT_GE(score.precision(), 0.97);
  EXPECT_GE(score.f1(), 0.95);
  const LineScore held_out = score_of_kinds(test::held_out_text_kinds());
  std::cout << "held out: " << held_out.to_text();
  EXPECT_GE(held_out.precision(), 0.93);
  EXPECT_GE(held_out.f1(), 0.9);
}

TEST(WeakLabellerQuality, OnTheSampleCorpus) {
  WeakLabeller labeller;
  LineScore score;
  const auto add = [](const corpus::SampleDocument& document, bool ecommerce,
                      std::vector<TrueLine>& lines) {
    for (const std::string_view line : split_lines(document.text)) {
      if (!line.empty()) lines.push_back({std::string(line), ecommerce, document.domain});
    }
  };
  for (uint64_t i = 0; i < 150; ++i) {
    std::vector<TrueLine> lines;
    add(corpus::sample_document(17, corpus::SampleKind::kGeneral, i), false, lines);
    add(corpus::sample_document(17, corpus::SampleKind::kProduct, i), true, lines);
    add(corpus::sample_document(17, corpus::SampleKind::kProduct, i + 1000), true, lines);
    if (i % 2 == 0) std::rotate(lines.begin(), lines.begin() + 1, lines.end());
    test::score_lines(labeller, lines, score);
  }
  std::cout << score.to_text();
  EXPECT_GE(score.precision(), 0.95);
  EXPECT_GE(score.f1(), 0.9);
}

}  // namespace
}  // namespace rexbert::curate
