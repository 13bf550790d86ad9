// The tools that other tests stand on.
#include <gtest/gtest.h>

#include "support/command.h"
#include "support/paths.h"

namespace rexbert::test {
namespace {

TEST(Support, RunsACommandAndKeepsItsStreamsApart) {
  const CommandResult result = run_command(
      {"sh", "-c", "echo out; echo \"err $1 $NAME\" >&2; exit 3", "sh", "a b"}, {}, {"NAME=value"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err a b value\n");
}

TEST(Support, CommandsGetNoInputTheChosenDirectoryAndTheirSignalAsAShellSaysIt) {
  const TemporaryDirectory directory;
  EXPECT_EQ(run_command({"cat"}).out, "");
  EXPECT_EQ(run_command({"pwd", "-P"}, directory.path()).out,
            std::filesystem::canonical(directory.path()).string() + "\n");
  EXPECT_EQ(run_command({"sh", "-c", "kill -9 $$"}).exit_code, 137);
  EXPECT_EQ(run_command({"/nonexistent/program"}).exit_code, -1);
}

TEST(Support, TemporaryDirectoriesGo) {
  std::filesystem::path path;
  {
    const TemporaryDirectory directory;
    path = directory.path();
    Env::posix().create_directories(path / "a/b");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Support, PathsOfTheRepository) {
  EXPECT_TRUE(std::filesystem::exists(source_path("CMakeLists.txt")));
  EXPECT_EQ(shared_data("a/b").filename(), "b");
}

}  // namespace
}  // namespace rexbert::test
