#include "rexbert/core/strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rexbert {
namespace {

using ::testing::ElementsAre;

TEST(Strings, CatPrintfJoinSplitTrim) {
  EXPECT_EQ(str_cat("step ", 12, ": ", 0.5, ' ', std::string("x")), "step 12: 0.5 x");
  EXPECT_EQ(str_printf("%05d|%s", 42, "abc"), "00042|abc");
  EXPECT_EQ(str_printf("%s", std::string(5000, 'x').c_str()), std::string(5000, 'x'));
  EXPECT_EQ(str_join({}, ", "), "");
  EXPECT_EQ(str_join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_THAT(str_split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(str_split("", ','), ElementsAre(""));
  EXPECT_EQ(str_trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(str_trim(" \n"), "");
}

TEST(Strings, QuoteEscapes) {
  EXPECT_EQ(str_quote("plain"), "\"plain\"");
  EXPECT_EQ(str_quote("a\"b\\c\n\t\x01\x7f"), "\"a\\\"b\\\\c\\n\\t\\x01\\x7f\"");
  EXPECT_EQ(str_quote(std::string_view("a\0b", 3)), "\"a\\x00b\"");
  EXPECT_EQ(str_quote("naïve 漢字 🙂"), "\"naïve 漢字 🙂\"");
}

TEST(Strings, QuoteEscapesWhatIsNoUtf8) {
  EXPECT_EQ(str_quote("a\x80z"), "\"a\\x80z\"");
  EXPECT_EQ(str_quote("\xC3"), "\"\\xc3\"");
  EXPECT_EQ(str_quote("\xC0\xAF"), "\"\\xc0\\xaf\"");                    // overlong
  EXPECT_EQ(str_quote("\xE0\x80\xAF"), "\"\\xe0\\x80\\xaf\"");           // overlong
  EXPECT_EQ(str_quote("\xED\xA0\x80"), "\"\\xed\\xa0\\x80\"");           // surrogate
  EXPECT_EQ(str_quote("\xF4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\"");  // beyond U+10FFFF
  EXPECT_EQ(str_quote("\xE6\xBC"), "\"\\xe6\\xbc\"");
}

TEST(Strings, QuoteCutsBetweenCharacters) {
  EXPECT_EQ(str_quote("abcdef", 6), "\"abcdef\"");
  EXPECT_EQ(str_quote("abcdef", 4), "\"abcd...\"");
  EXPECT_EQ(str_quote("ab漢字", 4), "\"ab...\"");
  EXPECT_EQ(str_quote("ab漢字", 5), "\"ab漢...\"");
}

TEST(Strings, EditDistance) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("sitting", "kitten"), 3);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2);
}

TEST(Strings, NearestName) {
  const std::vector<std::string> known = {"learning_rate", "lr", "batch", "seed", "tokens"};
  EXPECT_EQ(nearest_name("lerning_rate", known), "learning_rate");
  EXPECT_EQ(nearest_name("learningRate", known), "learning_rate");
  EXPECT_EQ(nearest_name("sede", known), "seed");
  EXPECT_EQ(nearest_name("token", known), "tokens");
  EXPECT_EQ(nearest_name("optimizer", known), "");
  EXPECT_EQ(nearest_name("xy", known), "");  // two edits from "lr", and nothing in common
  EXPECT_EQ(nearest_name("x", {}), "");
}

}  // namespace
}  // namespace rexbert
