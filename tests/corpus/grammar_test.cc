#include "corpus/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "rexbert/core/error.h"

namespace rexbert::corpus {
namespace {

using ::testing::AnyOf;

Draw draw_of(uint64_t a) { return Draw(KeyedRng(1, Purpose::kTest, a)); }

TEST(Grammar, WritesFactsCapitalsAndArticles) {
  Draw draw = draw_of(0);
  const Facts facts = {{"name", "Ostholm"}, {"kind", "old port"}, {"thing", "bell"}};
  EXPECT_EQ(realize("{name} is {a kind}, not {a thing}. {^thing}!", facts, draw),
            "Ostholm is an old port, not a bell. Bell!");
}

TEST(Grammar, ChoosesEveryAlternativeAndNests) {
  std::set<std::string> seen;
  for (uint64_t i = 0; i < 200; ++i) {
    Draw draw = draw_of(i);
    seen.insert(realize("[a|b [c|d]|]", {}, draw));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"a", "b c", "b d", ""}));
}

TEST(Grammar, TakesWordListsWhereThereIsNoFact) {
  Draw draw = draw_of(3);
  EXPECT_THAT(realize("{body part of animal}", {}, draw),
              AnyOf("tail", "throat", "back", "belly", "crown", "wings", "hind legs", "shoulders",
                    "neck", "flanks", "beak", "muzzle"));
}

TEST(Grammar, RefusesUnknownListsAndOpenBrackets) {
  Draw draw = draw_of(4);
  const auto message = [&](std::string_view pattern) -> std::string {
    try {
      return realize(pattern, {}, draw);
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(message("{no such list}"), "no word list \"no such list\"");
  EXPECT_EQ(message("a [b"), "pattern \"a [b\": unclosed [");
  EXPECT_EQ(message("a {b"), "pattern \"a {b\": unclosed {");
}

TEST(Grammar, TakesEachOfSomePatternsOnce) {
  Draw draw = draw_of(5);
  constexpr std::string_view kPatterns[] = {"one", "two", "three"};
  const std::string all = realize_some(kPatterns, 7, {}, draw);
  EXPECT_EQ(all.size(), std::string("one two three").size());
  EXPECT_EQ(realize_led(kPatterns, 0, {}, draw), "one");
}

TEST(Grammar, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
}

}  // namespace
}  // namespace rexbert::corpus
