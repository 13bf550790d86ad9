#include "curate/phrase_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rexbert::curate {
namespace {

using ::testing::ElementsAre;

std::vector<uint32_t> count(std::vector<LexiconGroup> groups, std::string_view line) {
  return PhraseMatcher(std::move(groups)).count(tokenize_line(line));
}

LexiconGroup group(std::string_view phrases, bool with_plurals = false) {
  return {.name = "x", .log_odds = 1, .cap = 1, .with_plurals = with_plurals, .phrases = phrases};
}

TEST(PhraseMatcher, CountsEachPhraseOnce) {
  EXPECT_THAT(count({group("red | red wine | blue")}, "Blue and red, and BLUE and red."),
              ElementsAre(2));
  EXPECT_THAT(count({group("red"), group("blue | red")}, "blue red"), ElementsAre(1, 2));
}

TEST(PhraseMatcher, TakesTheLongestOfAGroupAtAToken) {
  EXPECT_THAT(count({group("red | red wine"), group("red")}, "red wine"), ElementsAre(1, 1));
  // "red" stands alone only the second time, so both phrases are there.
  EXPECT_THAT(count({group("red | red wine")}, "red wine, red"), ElementsAre(2));
  EXPECT_THAT(count({group("red wine | red | wine")}, "red wine red"), ElementsAre(3));
  EXPECT_THAT(count({group("a | a b | a b c")}, "a b c and a"), ElementsAre(2));
}

TEST(PhraseMatcher, KnowsNumbersStartsAndPlurals) {
  EXPECT_THAT(count({group("pack of #")}, "pack of 12"), ElementsAre(1));
  EXPECT_THAT(count({group("pack of #")}, "pack of twelve"), ElementsAre(0));
  EXPECT_THAT(count({group("# pack")}, "1,200 pack"), ElementsAre(1));
  EXPECT_THAT(count({group("^ new")}, "New hat"), ElementsAre(1));
  EXPECT_THAT(count({group("^ new")}, "a new hat"), ElementsAre(0));
  EXPECT_THAT(count({group("box | dress | baby | toy", true)}, "boxes dresses babies toys"),
              ElementsAre(4));
  EXPECT_THAT(count({group("box", true)}, "box and boxes"), ElementsAre(1));
  EXPECT_THAT(count({group("% off | men's | t-shirt")}, "5% off men\xE2\x80\x99s T-Shirt"),
              ElementsAre(3));
}

}  // namespace
}  // namespace rexbert::curate
