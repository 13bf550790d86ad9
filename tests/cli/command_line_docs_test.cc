#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/version.h"
#include "support/command.h"

namespace rexbert {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class CommandLineDocsTest : public ::testing::Test {
 protected:
  static std::string printed(const std::vector<std::string>& words) {
    const test::CommandResult result = test::run_rexbert(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }

  // What a shell, the same one in all of a test, prints whose `$1` is the completion script; its
  // error output must be empty.
  std::vector<std::string> lines_of(const std::string& shell, const std::string& code) const {
    const fs::path script = folder_ / "script";
    if (!env_.exists(script)) publish_file(env_, script, printed({"completion", shell}));
    const test::CommandResult result =
        test::run_command({shell, "-c", code, shell, script.string()});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    std::vector<std::string> lines = str_split(result.out, '\n');
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
  }

  // What bash offers behind `words`, the last of which is being typed, in a folder with the file
  // `script` alone. "" is nothing: bash itself then offers files.
  std::vector<std::string> bash_offers(const std::string& words) const {
    return lines_of("bash", str_cat("source \"$1\"; cd \"${1%/*}\"; COMP_WORDS=(", words,
                                    "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _rexbert; printf "
                                    "'%s\\n' \"${COMPREPLY[@]}\""));
  }

  static bool has_zsh() { return test::run_command({"sh", "-c", "command -v zsh"}).exit_code == 0; }

  std::vector<std::string> zsh_offers(const std::string& words) const {
    // zsh's own functions are there only in a shell that is talked to.
    return lines_of("zsh",
                    str_cat("_describe() { print -l -- ${(P)@[-1]} }; _files() { print files }; "
                            "compadd() { print -l -- ${@[2,-1]} }; compset() { }; words=(",
                            words, "); CURRENT=$#words; source \"$1\""));
  }

  Env& env_ = Env::posix();
  test::TemporaryDirectory folder_;
};

TEST_F(CommandLineDocsTest, BashCompletesCommandsAndTheirOptions) {
  EXPECT_THAT(bash_offers("rexbert ''"), IsSupersetOf({"shards", "train", "tokenize"}));
  EXPECT_THAT(bash_offers("rexbert sha"), ElementsAre("shards"));
  EXPECT_THAT(bash_offers("rexbert -v shards ver"), ElementsAre("verify"));
  EXPECT_THAT(bash_offers("rexbert train --conf"), ElementsAre("--config"));
  EXPECT_THAT(bash_offers("rexbert train --config a.yaml --res"), ElementsAre("--resume"));
  EXPECT_THAT(bash_offers("rexbert train ''"), ElementsAre(""));  // files, by bash itself
}

TEST_F(CommandLineDocsTest, BashOffersFilesBesideCommandsThatMayBeLeftOut) {
  EXPECT_THAT(bash_offers("rexbert tokenize ''"), UnorderedElementsAre("merge", "script"));
  EXPECT_THAT(bash_offers("rexbert tokenize scr"), ElementsAre("script"));
  EXPECT_THAT(bash_offers("rexbert shards ''"), Not(Contains("script")));
}

TEST_F(CommandLineDocsTest, BashOffersWhatMayFollowAnOption) {
  EXPECT_THAT(bash_offers("rexbert tokenize --output ''"), ElementsAre(""));
  EXPECT_THAT(bash_offers("rexbert tokenize --output mer"), ElementsAre(""));
  EXPECT_THAT(bash_offers("rexbert salience --domain ''"), ElementsAre(""));
  EXPECT_THAT(bash_offers("rexbert tokenize --format ''"), ElementsAre("auto", "jsonl", "text"));
  EXPECT_THAT(bash_offers("rexbert tokenize --format ="), ElementsAre("auto", "jsonl", "text"));
  EXPECT_THAT(bash_offers("rexbert tokenize --format = j"), ElementsAre("jsonl"));
  EXPECT_THAT(bash_offers("rexbert -v shards ''"), Contains("verify"));  // -v takes none
  // A value is no command, even where it has the name of one.
  EXPECT_THAT(bash_offers("rexbert tokenize --output merge --form"), ElementsAre("--format"));
  EXPECT_THAT(bash_offers("rexbert tokenize --output = merge --form"), ElementsAre("--format"));
  EXPECT_THAT(bash_offers("rexbert tokenize --output x merge --form"), ElementsAre(""));
}

TEST_F(CommandLineDocsTest, ZshCompletesCommandsAndTheirOptions) {
  if (!has_zsh()) GTEST_SKIP() << "zsh is not installed";
  EXPECT_THAT(zsh_offers("rexbert ''"), Contains(StartsWith("train:Train as a config says")));
  EXPECT_THAT(zsh_offers("rexbert shards ''"),
              AllOf(Contains(StartsWith("verify:")), Not(Contains("files"))));
  EXPECT_THAT(zsh_offers("rexbert train --"), Contains(StartsWith("--config:")));
  EXPECT_THAT(zsh_offers("rexbert train ''"), ElementsAre("files"));
}

TEST_F(CommandLineDocsTest, ZshOffersFilesAndWhatMayFollowAnOption) {
  if (!has_zsh()) GTEST_SKIP() << "zsh is not installed";
  EXPECT_THAT(zsh_offers("rexbert tokenize ''"), ElementsAre(StartsWith("merge:"), "files"));
  EXPECT_THAT(zsh_offers("rexbert tokenize '' --out"), Contains(StartsWith("--output:")));
  EXPECT_THAT(zsh_offers("rexbert tokenize --output ''"), ElementsAre("files"));
  EXPECT_THAT(zsh_offers("rexbert tokenize --output=''"), ElementsAre("files"));
  EXPECT_THAT(zsh_offers("rexbert salience --domain ''"), ElementsAre("files"));
  EXPECT_THAT(zsh_offers("rexbert tokenize --format ''"), ElementsAre("auto", "jsonl", "text"));
  EXPECT_THAT(zsh_offers("rexbert tokenize --format=''"), ElementsAre("auto", "jsonl", "text"));
  EXPECT_THAT(zsh_offers("rexbert tokenize --output merge --"), Contains(StartsWith("--format:")));
}

TEST_F(CommandLineDocsTest, EveryCommandsHelpHasAnExample) {
  const std::vector<std::string> commands = lines_of("bash", R"(source "$1"
    leaves() {
      local child children=$(_rexbert_commands "$1")
      [[ -n $children ]] || echo "$1"
      for child in $children; do leaves "$1${1:+ }$child"; done
    }
    leaves '')");
  EXPECT_GT(commands.size(), 25U);
  for (const std::string& command : commands) {
    std::vector<std::string> words = str_split(command, ' ');
    words.push_back("--help");
    EXPECT_THAT(printed(words), HasSubstr("Example")) << command;
  }
}

TEST_F(CommandLineDocsTest, TheManualHasEveryCommandAndNoMistakeOfForm) {
  const std::string page = printed({"manual"});
  EXPECT_THAT(page, AllOf(HasSubstr("rexbert train"), HasSubstr("rexbert shards verify"),
                          HasSubstr("\\-\\-config"), HasSubstr("EXIT STATUS")));
  for (const ErrorCode code : {ErrorCode::kInternal, ErrorCode::kPeer, ErrorCode::kInterrupted}) {
    EXPECT_THAT(page, HasSubstr(str_cat(".TP\n", static_cast<int>(code), "\n")));
  }
  if (test::run_command({"sh", "-c", "command -v groff"}).exit_code != 0) {
    GTEST_SKIP() << "groff is not installed: the page's form was not checked";
  }
  publish_file(env_, folder_ / "rexbert.1", page);
  const test::CommandResult result =
      test::run_command({"groff", "-man", "-Tutf8", "-ww", (folder_ / "rexbert.1").string()});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
}

TEST_F(CommandLineDocsTest, TheVersionNamesTheBuild) {
  EXPECT_THAT(printed({"--version"}),
              AllOf(StartsWith(str_cat("rexbert ", kVersion, "\n")), HasSubstr("LibTorch 2.11"),
                    HasSubstr("CUDA O"), HasSubstr("Parquet O")));
}

}  // namespace
}  // namespace rexbert
