#include "rexbert/text/json_fields.h"

#include <gmock/gmock.h>

#include "support/temporary_directory.h"
#include "text/text_test_util.h"

namespace rexbert::text {
namespace {

using testing::ElementsAre;

std::vector<std::string> values_of(std::string_view json, JsonFields fields) {
  JsonFieldReader reader(std::move(fields));
  std::vector<std::string> values;
  const size_t objects = reader.read(json, values);
  values.insert(values.begin(), std::to_string(objects));
  return values;
}

TEST(JsonFields, AreTextsWhateverTheirType) {
  EXPECT_THAT(values_of(R"({"s":"a\n","i":-3,"u":18446744073709551615,"d":0.25,"b":false,)"
                        R"("n":null,"l":["x",[1,null,""],{"name":"y"}],"o":{"@value":"z"},"e":{}})",
                        {{"s", "i", "u", "d", "b", "n", "l", "o", "e", "none", ""}, "+", ""}),
              ElementsAre("1", "a\n", "-3", "18446744073709551615", "0.25", "false", "", "x+1+y",
                          "z", "", "", ""));
}

TEST(JsonFields, PathsGoThroughObjectsAndLists) {
  EXPECT_THAT(values_of(R"({"a":{"b":{"c":1}},"l":[{"p":2},{"q":0},{"p":[3,4]}],"x.y":5,)"
                        R"("x":{"y":6},"z":{"v.w":7}})",
                        {{"a.b.c", "l.p", "x.y", "z.v.w", "a.b.c.d"}}),
              ElementsAre("1", "1", "2, 3, 4", "5", "7", ""));
}

TEST(JsonFields, TypesAreFoundButNotInsideOfEachOther) {
  EXPECT_THAT(values_of(R"([{"@type":"T","n":1,"in":{"@type":"T","n":2}},)"
                        R"({"@type":"Other","deep":[{"@type":["U","http://x/T"],"n":3}]}])",
                        {{"n"}, ", ", "T"}),
              ElementsAre("2", "1", "3"));
  EXPECT_THAT(values_of(R"({"@type":"NotT","n":1})", {{"n"}, ", ", "T"}), ElementsAre("0"));
  EXPECT_THAT(values_of("[1]", {{"n"}}), ElementsAre("0"));
}

TEST(JsonFields, BrokenJsonIsAnError) {
  EXPECT_THAT(error_of([] { values_of("{", {{"n"}}); }),
              testing::StartsWith("corrupt data: broken JSON: "));
  EXPECT_EQ(error_of([] { values_of("\"\xFF\"", {{"n"}}); }), "corrupt data: invalid UTF-8");
}

TEST(JsonFields, ComeWithTheDocumentsOfAReader) {
  const test::TemporaryDirectory directory;
  ReadOptions options;
  options.json_fields = {{"url", "n"}};
  DocumentReader reader(
      Env::posix(),
      write_file(directory / "a.jsonl", "{\"text\":\"x\",\"n\":1}\n{}\n{\"text\":\" \"}\n"), 0,
      options, nullptr);
  Document document;
  BadLine bad;
  ASSERT_EQ(reader.step(document, bad), DocumentReader::Step::kDocument);
  EXPECT_THAT(document.fields, ElementsAre("", "1"));
  EXPECT_EQ(reader.step(document, bad), DocumentReader::Step::kBad);
  EXPECT_EQ(bad.line, 2u);
  EXPECT_EQ(reader.step(document, bad), DocumentReader::Step::kEmpty);
  EXPECT_EQ(reader.step(document, bad), DocumentReader::Step::kEnd);
  EXPECT_EQ(reader.counts().bad, 1u);
}

}  // namespace
}  // namespace rexbert::text
