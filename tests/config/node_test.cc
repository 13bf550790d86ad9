#include "rexbert/config/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "rexbert/core/error.h"

namespace rexbert::config {
namespace {

// The text of the Error that `body` throws; "no error" where it throws none.
template <class Body>
std::string error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConfig);
    return error.what();
  }
  return "no error";
}

std::string parse_error(const std::string& text) {
  return error_of([&] { parse_yaml(text, "a.yaml"); });
}

// A folder of config files that is gone after the test; paths in messages are shown without it.
class ConfigFiles : public testing::Test {
 protected:
  ConfigFiles() : root_(fs::path(testing::TempDir()) / ("config_" + name())) {
    Env::posix().remove_all(root_);
    Env::posix().create_directories(root_ / "sub");
  }
  ~ConfigFiles() override { Env::posix().remove_all(root_); }

  void write(const fs::path& path, std::string_view text) {
    publish_file(Env::posix(), root_ / path, text);
  }
  Node load(const fs::path& path, const std::vector<std::string>& overrides = {}) {
    return load_config(Env::posix(), root_ / path, overrides);
  }
  std::string load_error(const fs::path& path, const std::vector<std::string>& overrides = {}) {
    std::string text = error_of([&] { load(path, overrides); });
    for (size_t at = 0; (at = text.find(root_.string() + "/", at)) != std::string::npos;) {
      text.erase(at, root_.string().size() + 1);
    }
    return text;
  }
  std::string where(const Node& node) { return node.where().substr(root_.string().size() + 1); }

 private:
  static std::string name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  fs::path root_;
};

TEST(ParseYaml, KeepsKindsQuotingAndLines) {
  const Node root = parse_yaml("a: 5\nb:\n  - 'x'\n  - {c: ~}\n", "a.yaml");
  ASSERT_EQ(root.kind, NodeKind::kMap);
  EXPECT_EQ(root.find("a")->scalar, "5");
  EXPECT_FALSE(root.find("a")->quoted);
  EXPECT_EQ(root.find("a")->where(), "a.yaml:1");
  const Node& list = *root.find("b");
  ASSERT_EQ(list.list.size(), 2u);
  EXPECT_TRUE(list.list[0].quoted);
  EXPECT_EQ(list.list[0].where(), "a.yaml:3");
  EXPECT_EQ(list.list[1].find("c")->kind, NodeKind::kNull);
  EXPECT_EQ(root.find("absent"), nullptr);
}

TEST(ParseYaml, CopiesAliases) {
  const Node root = parse_yaml("a: &x {k: 1}\nb: *x\n", "a.yaml");
  EXPECT_EQ(root.find("b")->find("k")->scalar, "1");
}

TEST(ParseYaml, RefusesWhatIsNotOneCleanDocument) {
  EXPECT_EQ(parse_error("a: 1\nb: 2\na: 3\n"),
            "a.yaml:3: duplicate key \"a\", first written in line 1");
  EXPECT_EQ(parse_error("a:\n  k: 1\n  k: 2\n"),
            "a.yaml:3: duplicate key \"k\", first written in line 2");
  EXPECT_EQ(parse_error("? [1, 2]\n: 3\n"), "a.yaml:1: a key must be a plain word");
  EXPECT_EQ(parse_error("a: 1\n---\nb: 2\n"), "a.yaml:2: expected one YAML document, got a second");
  EXPECT_EQ(parse_error("a: *nowhere\n"),
            "a.yaml:1: not valid YAML: the referenced anchor is not defined");
  EXPECT_EQ(parse_error("a: &x [*x]\n"), "a.yaml:1: an alias inside the value that it names");
  EXPECT_EQ(parse_error("a: [1, 2\n"), "a.yaml:2: not valid YAML: end of sequence flow not found");
  EXPECT_EQ(parse_error("a: 1\n b: 2\n"), "a.yaml:2: not valid YAML: illegal map value");
}

TEST_F(ConfigFiles, AnEmptyFileIsAnEmptyMap) {
  write("a.yaml", "# nothing\n");
  EXPECT_EQ(load("a.yaml").kind, NodeKind::kMap);
  write("b.yaml", "- 1\n");
  EXPECT_EQ(load_error("b.yaml"), "b.yaml:1: expected a map of keys, got a list of 1");
}

TEST_F(ConfigFiles, IncludeMergesMapsAndReplacesTheRest) {
  write("sub/under.yaml", "m: {x: 1, y: 2, deep: {p: 1, q: 2}}\nlist: [1, 2, 3]\nonly: here\n");
  write("a.yaml", "include: sub/under.yaml\nm: {y: 20, deep: {q: 20}}\nlist: [9]\n");
  const Node root = load("a.yaml");
  EXPECT_EQ(root.find("include"), nullptr);
  EXPECT_EQ(root.find("m")->find("x")->scalar, "1");
  EXPECT_EQ(root.find("m")->find("y")->scalar, "20");
  EXPECT_EQ(root.find("m")->find("deep")->find("p")->scalar, "1");
  EXPECT_EQ(root.find("m")->find("deep")->find("q")->scalar, "20");
  EXPECT_EQ(root.find("list")->list.size(), 1u);
  EXPECT_EQ(where(*root.find("only")), "sub/under.yaml:3");
  EXPECT_EQ(where(*root.find("m")->find("y")), "a.yaml:2");
}

TEST_F(ConfigFiles, OfSeveralIncludesTheLastWinsAndTheyNest) {
  write("sub/one.yaml", "include: two.yaml\nk: one\n");
  write("sub/two.yaml", "k: two\nl: two\n");
  write("three.yaml", "k: three\n");
  write("a.yaml", "include: [sub/one.yaml, three.yaml]\n");
  EXPECT_EQ(load("a.yaml").find("k")->scalar, "three");
  EXPECT_EQ(load("a.yaml").find("l")->scalar, "two");
}

TEST_F(ConfigFiles, IncludeWorksInAnyMapAndTakesAPlaceInAFile) {
  write("sub/phases.yaml", "phases:\n  - {name: first, tokens: 1}\n  - {name: second}\n");
  write("a.yaml", "phases:\n  - include: sub/phases.yaml#phases.0\n    tokens: 5\n");
  const Node first = load("a.yaml").find("phases")->list.at(0);
  EXPECT_EQ(first.find("name")->scalar, "first");
  EXPECT_EQ(where(*first.find("name")), "sub/phases.yaml:2");
  EXPECT_EQ(first.find("tokens")->scalar, "5");

  write("b.yaml", "x:\n  include: sub/phases.yaml#phases.7\n");
  EXPECT_EQ(load_error("b.yaml"),
            "b.yaml:2: include: sub/phases.yaml: expected a map at \"phases.7\", got nothing");
  write("c.yaml", "x:\n  include: sub/phases.yaml#phases\n");
  EXPECT_EQ(load_error("c.yaml"),
            "c.yaml:2: include: sub/phases.yaml: expected a map at \"phases\", got a list of 2");
}

TEST_F(ConfigFiles, BadIncludesSayWhere) {
  write("a.yaml", "include: b.yaml\n");
  write("b.yaml", "x: 1\ninclude: a.yaml\n");
  EXPECT_EQ(load_error("a.yaml"), "a.yaml:1: include: b.yaml:2: include: a.yaml: includes itself");
  write("c.yaml", "include: {x: 1}\n");
  EXPECT_EQ(load_error("c.yaml"), "c.yaml:1: include: expected a path, got a map");
  write("d.yaml", "include: absent.yaml\n");
  EXPECT_THROW(load("d.yaml"), Error);
  // The same file twice, one after the other, is no cycle.
  write("e.yaml", "include: [f.yaml, f.yaml]\n");
  write("f.yaml", "x: 1\n");
  EXPECT_EQ(load("e.yaml").find("x")->scalar, "1");
}

TEST_F(ConfigFiles, VariablesAreFilledIn) {
  setenv("REXBERT_TEST_DIRECTORY", "/data", 1);
  unsetenv("REXBERT_TEST_ABSENT");
  write("a.yaml",
        "p: ${REXBERT_TEST_DIRECTORY}/x-${REXBERT_TEST_ABSENT:-none}\nl: "
        "['${REXBERT_TEST_DIRECTORY}']\n");
  EXPECT_EQ(load("a.yaml").find("p")->scalar, "/data/x-none");
  EXPECT_EQ(load("a.yaml").find("l")->list.at(0).scalar, "/data");
  write("b.yaml", "x: 1\np: ${REXBERT_TEST_ABSENT}\n");
  EXPECT_EQ(load_error("b.yaml"),
            "b.yaml:2: environment variable REXBERT_TEST_ABSENT is not set; write "
            "${REXBERT_TEST_ABSENT:-fallback} to allow that");
  write("c.yaml", "p: ${OPEN\n");
  EXPECT_EQ(load_error("c.yaml"), "c.yaml:1: expected \"}\" after \"${\", got \"${OPEN\"");
}

TEST_F(ConfigFiles, OverridesReachIntoMapsAndLists) {
  write("a.yaml", "phases:\n  - {tokens: 1}\n  - {tokens: 2}\n");
  const Node root = load("a.yaml", {"phases.1.tokens=10M", "run.name=x", "run.map={a: [1]}"});
  EXPECT_EQ(root.find("phases")->list.at(1).find("tokens")->scalar, "10M");
  EXPECT_EQ(root.find("phases")->list.at(1).find("tokens")->where(), "--set phases.1.tokens");
  EXPECT_EQ(root.find("run")->find("name")->scalar, "x");
  EXPECT_EQ(root.find("run")->find("map")->find("a")->list.at(0).where(), "--set run.map");

  EXPECT_EQ(load_error("a.yaml", {"phases.2.tokens=1"}),
            "--set phases.2.tokens=1: expected an index below 2, got \"2\"");
  EXPECT_EQ(load_error("a.yaml", {"phases.x.tokens=1"}),
            "--set phases.x.tokens=1: expected an index below 2, got \"x\"");
  EXPECT_EQ(load_error("a.yaml", {"tokens"}),
            "--set tokens: expected key.path=value, such as phases.0.tokens=10M");
  EXPECT_EQ(load_error("a.yaml", {"=5"}),
            "--set =5: expected key.path=value, such as phases.0.tokens=10M");
  EXPECT_THAT(load_error("a.yaml", {"phases.0.tokens.deep=1"}),
              testing::StartsWith("--set phases.0.tokens.deep=1: \"deep\" lies inside 1 ("));
}

TEST(ToYaml, ReadsBackAsTheSameTree) {
  const std::string text =
      "a: 1.7T\nb: [1, 2]\nc: []\nd: {}\ne: \"\"\nf: \"null\"\ng: \"a: b # c\"\nh: "
      "\"two\\nlines\"\n"
      "i:\n  - x: 1\n    y: \"- z\"\n";
  const Node first = parse_yaml(text, "a.yaml");
  const std::string printed = to_yaml(first, false);
  const Node second = parse_yaml(printed, "b.yaml");
  EXPECT_EQ(to_yaml(second, false), printed);
  for (const char* key : {"e", "f", "g", "h"}) {
    EXPECT_EQ(second.find(key)->scalar, first.find(key)->scalar) << key;
    EXPECT_EQ(second.find(key)->kind, NodeKind::kScalar) << key;
  }
  EXPECT_EQ(second.find("i")->list.at(0).find("y")->scalar, "- z");
  EXPECT_EQ(second.find("c")->kind, NodeKind::kList);
  EXPECT_EQ(second.find("d")->kind, NodeKind::kMap);
}

}  // namespace
}  // namespace rexbert::config
