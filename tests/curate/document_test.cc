#include "rexbert/curate/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/error.h"

namespace rexbert::curate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Lines, EndAtLineEnds) {
  EXPECT_THAT(split_lines(""), IsEmpty());
  EXPECT_THAT(split_lines("one"), ElementsAre("one"));
  EXPECT_THAT(split_lines("one\n"), ElementsAre("one"));
  EXPECT_THAT(split_lines("\n\none\r\ntwo\r"), ElementsAre("", "", "one", "two"));
  EXPECT_EQ(join_lines(split_lines("a\n\nb\n")), "a\n\nb");
}

TEST(DocumentLine, KeepsEverything) {
  const Document document = {.id = "a",
                             .text =
                                 "one \"two\"\nthr\xC3\xA9"
                                 "e",
                             .url = "https://example.org/a",
                             .domain = "beauty",
                             .date = "2024-05-06",
                             .score = 0.75,
                             .file = "in/a.jsonl",
                             .line = 7,
                             .spans = {{0, 2}, {5, 6}},
                             .line_scores = {0.5F, 0.25F, 1}};
  const std::string line = to_json_line(document);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const Document read = parse_document(line, "here");
  EXPECT_EQ(to_json_line(read), line);
  EXPECT_EQ(read.text, document.text);
  EXPECT_EQ(read.score, 0.75);
  EXPECT_EQ(read.spans, document.spans);
  EXPECT_EQ(read.line_scores, document.line_scores);
  EXPECT_EQ(to_json_line({.id = "b", .text = "x"}), "{\"id\":\"b\",\"text\":\"x\"}\n");
}

TEST(DocumentLine, RefusesWhatIsNone) {
  EXPECT_THROW(parse_document("{\"id\":\"b\"}", "here"), Error);
  EXPECT_THROW(parse_document("{\"id\":\"b\",\"text\":3}", "here"), Error);
  EXPECT_THROW(parse_document("{", "here"), Error);
}

}  // namespace
}  // namespace rexbert::curate
