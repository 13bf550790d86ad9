#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/html/page.h"
#include "rexbert/html/svg_chart.h"
#include "support/parsed_page.h"

namespace rexbert::html {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(HtmlText, HostileTextIsShownAndNeverRead) {
  EXPECT_EQ(escape("</td><script>alert('&\"')</script>"),
            "&lt;/td&gt;&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;");
  EXPECT_EQ(escape("a\x01 b\x7f \r\xff tab\t"), "a\uFFFD b\uFFFD \uFFFD\uFFFD tab\t");
  EXPECT_EQ(escape("\uFFFE\uFDD0 \u00e9 \u4e2d"), "\uFFFD\uFFFD \u00e9 \u4e2d");
  EXPECT_EQ(escape("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD") << "half of a surrogate pair";
}

TEST(HtmlText, IsCutBetweenCharacters) {
  EXPECT_EQ(cut("\u00e9\u00e9\u00e9", 2), "\u00e9\u00e9...");
  EXPECT_EQ(cut("\u00e9\u00e9", 2), "\u00e9\u00e9");
}

TEST(SvgChart, BarsAreAsLongAsTheirValues) {
  const std::string svg =
      bar_chart("alt <", {{"one", 4, "4"}, {"two", 1, "1"}, {"none", 0, "0"}}, 4);
  EXPECT_THAT(svg, HasSubstr("aria-label=\"alt &lt;\""));
  EXPECT_THAT(svg, HasSubstr("y=\"16.0\" width=\"320.0\""));
  EXPECT_THAT(svg, HasSubstr("y=\"46.0\" width=\"80.0\""));
  EXPECT_THAT(svg, HasSubstr("y=\"76.0\" width=\"0.0\""));
}

TEST(SvgChart, LabelsEndBeforeTheirValues) {
  std::string ideographs;
  for (int i = 0; i < 40; ++i) ideographs += "\u9577";
  const std::string svg = bar_chart(
      "alt", {{std::string(40, 'W'), 1, "50.0 % before"}, {ideographs, 1, "1"}, {"shop", 1, "1"}},
      1);
  // 320 units less 8 and the value's 13 x 7.5, at 12 a capital or ideograph and 7.5 a point.
  EXPECT_THAT(svg, HasSubstr(">" + std::string(16, 'W') + "...<"));
  EXPECT_THAT(svg, HasSubstr(">" + ideographs.substr(0, 23 * 3) + "...<"));
  EXPECT_THAT(svg, HasSubstr(">shop<"));
}

// Of 10 to 20 over the 308 units between dots that stay inside: a unit is 30.8.
TEST(SvgChart, RepeatsLieWhereTheirValuesAre) {
  const std::string svg = repeats_chart(
      "alt",
      {{"a", "15.00", 15, 2.5, {10, 20}}, {"b", "12.00", 12, 0, {12}, true}, {"c", "missing"}}, 1);
  EXPECT_THAT(svg, HasSubstr("<circle class=\"a\" cx=\"160.0\" cy=\"24.0\""));
  EXPECT_THAT(svg, HasSubstr("<line class=\"whisker-a\" x1=\"83.0\" y1=\"24.0\" x2=\"237.0\""));
  EXPECT_THAT(svg, HasSubstr("<circle class=\"value\" cx=\"6.0\""));
  EXPECT_THAT(svg, HasSubstr("<circle class=\"value\" cx=\"314.0\""));
  EXPECT_THAT(svg, HasSubstr("<circle class=\"b\" cx=\"67.6\" cy=\"62.0\""));
  EXPECT_THAT(svg, Not(HasSubstr("whisker-b")));
  EXPECT_THAT(svg, AllOf(HasSubstr(">10.0<"), HasSubstr(">20.0<"), HasSubstr(">missing<")));
}

TEST(SvgChart, RepeatsOfOneValueOrNoneHaveNoScale) {
  const std::string one = repeats_chart("alt", {{"a", "3", 3, 0, {3, 3}}}, 0);
  EXPECT_THAT(one, HasSubstr("cx=\"160.0\""));
  const std::string none = repeats_chart("alt", {{"a", "missing"}}, 0);
  EXPECT_THAT(none, AllOf(Not(HasSubstr("circle")), Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
}

TEST(SvgChart, LinesSpanTheirRange) {
  const std::string svg =
      line_chart("alt", "token", "top-1", {{"x", {{0, 0.5}, {100, 1}}}, {"y", {}}}, 0, 1, 2);
  EXPECT_THAT(svg, HasSubstr("<polyline class=\"line-a\" points=\"44.0,117.0 312.0,44.0\"/>"));
  EXPECT_THAT(svg, HasSubstr("<polyline class=\"line\" points=\"\"/>"));
  EXPECT_THAT(svg, AllOf(HasSubstr(">0.00<"), HasSubstr(">1.00<"), HasSubstr(">100<")));
  EXPECT_THAT(line_chart("alt", "token", "top-1", {}, 0, 0, 2), Not(HasSubstr("inf")));
}

TEST(Page, IsWellFormedAndRefersToNothing) {
  const test::ParsedPage parsed(
      page("a < b", heading(2, "c & d") + table("e > f", {"g", "h"}, {{"1", foreign("<i>")}}) +
                        repeats_chart("j", {{"k", "1", 1, 0, {1}}}, 0)));
  test::expect_self_contained(parsed);
  EXPECT_EQ(parsed.elements.count("i"), 0u);
  EXPECT_THAT(parsed.text, AllOf(HasSubstr("a < b"), HasSubstr("c & d"), HasSubstr("<i>")));
}

}  // namespace
}  // namespace rexbert::html
