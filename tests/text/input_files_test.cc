#include "rexbert/text/input_files.h"

#include <gmock/gmock.h>

#include "support/temporary_directory.h"
#include "text/text_test_util.h"

namespace rexbert::text {
namespace {

using testing::ElementsAre;

class InputFiles : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"b.jsonl", "a.jsonl.zst", "sub/c.txt.gz", "sub/deep/d.json.zstd",
                             "readme.md", "x.zst", ".hidden.jsonl"}) {
      write_file(directory_.path() / name, "x\n");
    }
  }
  std::string at(const std::string& name) const { return (directory_.path() / name).string(); }
  std::vector<std::string> expand(const std::vector<std::string>& patterns) const {
    std::vector<std::string> names;
    for (const fs::path& file : expand_inputs(Env::posix(), patterns)) {
      names.push_back(fs::relative(file, directory_.path()).string());
    }
    return names;
  }
  test::TemporaryDirectory directory_;
};

TEST_F(InputFiles, ADirectoryGivesItsTextFilesSorted) {
  EXPECT_THAT(expand({at("")}), ElementsAre(".hidden.jsonl", "a.jsonl.zst", "b.jsonl",
                                            "sub/c.txt.gz", "sub/deep/d.json.zstd"));
}

TEST_F(InputFiles, AFileIsTakenWhateverItsName) {
  EXPECT_THAT(expand({at("readme.md")}), ElementsAre("readme.md"));
}

TEST_F(InputFiles, GlobsMatchFilesAndDirectories) {
  EXPECT_THAT(expand({at("*.jsonl*")}), ElementsAre("a.jsonl.zst", "b.jsonl"));
  EXPECT_THAT(expand({at("s?b/[cd]*")}), ElementsAre("sub/c.txt.gz", "sub/deep/d.json.zstd"));
}

TEST_F(InputFiles, EachFileComesOnceInTheOrderOfPatterns) {
  EXPECT_THAT(expand({at("b.jsonl"), at("*.jsonl*"), at("./b.jsonl")}),
              ElementsAre("b.jsonl", "a.jsonl.zst"));
}

TEST_F(InputFiles, LinksNeitherLoopNorGiveAFileTwice) {
  fs::create_directory_symlink(directory_.path() / "sub", directory_.path() / "sub" / "loop");
  fs::create_symlink(directory_.path() / "b.jsonl", directory_.path() / "sub" / "e.jsonl");
  EXPECT_THAT(expand({at("sub"), at("b.jsonl")}),
              ElementsAre("sub/c.txt.gz", "sub/deep/d.json.zstd", "b.jsonl"));
}

TEST_F(InputFiles, ANameThatIsNotUtf8IsRefused) {
  write_file(directory_.path() / "caf\xe9.txt", "x\n");
  EXPECT_EQ(error_of([&] { expand({at("caf*")}); }),
            "usage error: input \"" + at("caf") +
                "\\xe9.txt\": expected a name in UTF-8; rename the file");
}

TEST_F(InputFiles, APatternWithoutAFileIsNamed) {
  EXPECT_EQ(error_of([&] { expand({at("b.jsonl"), at("no*")}); }),
            "not found: input " + at("no*") + ": matches no file");
  EXPECT_EQ(error_of([&] { expand({at("none")}); }),
            "not found: input " + at("none") + ": no such file or directory");
  fs::create_directories(directory_.path() / "empty");
  EXPECT_EQ(error_of([&] { expand({at("empty")}); }),
            "not found: input " + at("empty") +
                ": holds no file .jsonl, .json or .txt (plain, .zst, .zstd or .gz)");
  EXPECT_EQ(error_of([&] { expand({}); }), "usage error: no input: expected files or directories");
}

}  // namespace
}  // namespace rexbert::text
