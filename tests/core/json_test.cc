#include "rexbert/core/json.h"

#include <gtest/gtest.h>

#include <map>

#include "support/errors.h"

namespace rexbert {
namespace {

using test::error_of;

TEST(Json, KeysAreSorted) {
  EXPECT_EQ(parse_json(R"({"b": 1, "a": [true, null, 1.5, "x"]})", "t").dump(),
            R"({"a":[true,null,1.5,"x"],"b":1})");
}

TEST(Json, ErrorsNameLineAndColumn) {
  EXPECT_EQ(
      error_of([] { parse_json("{\n  \"a\": 1,\n  \"b\": x\n}", "index.json"); }),
      "corrupt data: index.json: line 3, column 8: not valid JSON: syntax error while parsing "
      "value - invalid literal; last read: '\"b\": x'");
  EXPECT_EQ(
      error_of([] { parse_json("", "empty.json"); }),
      "corrupt data: empty.json: line 1, column 1: not valid JSON: syntax error while parsing "
      "value - unexpected end of input; expected '[', '{', or a literal");
  EXPECT_EQ(error_of([] { parse_json("[1, 2", "cut.json"); }),
            "corrupt data: cut.json: line 1, column 6: not valid JSON: syntax error while parsing "
            "array - unexpected end of input; expected ']'");
  EXPECT_EQ(error_of([] { parse_json("{\"a\": 1}\n{\"b\": 2}", "two.json"); }),
            "corrupt data: two.json: line 2, column 1: not valid JSON: syntax error while parsing "
            "value - unexpected '{'; expected end of input");
  EXPECT_EQ(error_of([] { parse_json("{\"a\": \"\xC3(\"}", "utf8.json"); }).substr(0, 61),
            "corrupt data: utf8.json: line 1, column 9: not valid JSON: sy");
}

TEST(Json, GetConverts) {
  const Json object = parse_json(R"({"n": 7, "x": 1.5, "s": "t", "b": true, "m": {"k": "v"},
                                     "whole": 2, "big": 18446744073709551615, "low": -3})",
                                 "t");
  EXPECT_EQ(json_get<int>(object, "n", "t"), 7);
  EXPECT_EQ(json_get<double>(object, "x", "t"), 1.5);
  EXPECT_EQ(json_get<double>(object, "whole", "t"), 2.0);
  EXPECT_EQ(json_get<std::string>(object, "s", "t"), "t");
  EXPECT_TRUE(json_get<bool>(object, "b", "t"));
  EXPECT_EQ(json_get<uint64_t>(object, "big", "t"), ~uint64_t{0});
  EXPECT_EQ(json_get<int64_t>(object, "low", "t"), -3);
  EXPECT_EQ((json_get<std::map<std::string, std::string>>(object, "m", "t").at("k")), "v");
}

TEST(Json, GetRefusesWhatDoesNotFit) {
  const Json object =
      parse_json(R"({"f": 1.5, "low": -1, "big": 4294967296, "b": true, "s": "1"})", "t");
  const auto get_u32 = [&](const char* key) {
    return error_of([&] { json_get<uint32_t>(object, key, "a.json"); });
  };
  EXPECT_EQ(get_u32("none"), "corrupt data: a.json: none: missing");
  EXPECT_EQ(get_u32("f"),
            "corrupt data: a.json: f: expected a whole number of 0 to 4294967295, got 1.5");
  EXPECT_EQ(get_u32("low"),
            "corrupt data: a.json: low: expected a whole number of 0 to 4294967295, got -1");
  EXPECT_EQ(
      get_u32("big"),
      "corrupt data: a.json: big: expected a whole number of 0 to 4294967295, got 4294967296");
  EXPECT_EQ(get_u32("b"), "corrupt data: a.json: b: unexpected type boolean");
  EXPECT_EQ(get_u32("s"), "corrupt data: a.json: s: unexpected type string");
  EXPECT_EQ(error_of([&] { json_get<std::string>(object, "f", "a.json"); }),
            "corrupt data: a.json: f: unexpected type number");
  EXPECT_EQ(error_of([&] { json_get<int>(Json::array(), "f", "a.json"); }),
            "corrupt data: a.json: f: expected an object around it");
}

}  // namespace
}  // namespace rexbert
