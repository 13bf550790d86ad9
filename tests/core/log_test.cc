#include "rexbert/core/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "rexbert/core/env.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::MatchesRegex;

// The log file is open as long as the process lives, so each test opens one of its own.
class LogTest : public ::testing::Test {
 protected:
  LogTest() : path_(directory_.path() / "run.log") { log::open_log_file(path_); }
  ~LogTest() override { log::set_level(log::Level::kInfo); }

  std::vector<std::string> lines() {
    std::vector<std::string> all = str_split(Env::posix().read_file(path_), '\n');
    all.pop_back();
    return all;
  }

  test::TemporaryDirectory directory_;
  fs::path path_;
};

TEST_F(LogTest, LinesReachTheFileAtOnceWithTimeAndLevel) {
  log::info("an info line with {braces} and 100%");
  EXPECT_THAT(lines(),
              ElementsAre(MatchesRegex("\\[[0-9-]+ [0-9:]+\\] \\[info\\] an info line with "
                                       "\\{braces\\} and 100%")));
  log::debug("hidden by default");
  log::warning("careful");
  log::error("broken");
  EXPECT_THAT(lines(), ElementsAre(EndsWith("100%"), EndsWith("] [warning] careful"),
                                   EndsWith("] [error] broken")));
}

TEST_F(LogTest, LevelsFilter) {
  log::set_level(log::Level::kDebug);
  log::debug("seen");
  log::set_level(log::Level::kError);
  log::warning("not seen");
  log::error("seen too");
  log::set_level(log::Level::kOff);
  log::error("not seen");
  EXPECT_THAT(lines(), ElementsAre(EndsWith("[debug] seen"), EndsWith("[error] seen too")));
}

TEST_F(LogTest, LinesOfManyThreadsStayWhole) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) log::info(std::string(200, 'x'));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> all = lines();
  EXPECT_EQ(all.size(), 200u);
  for (const std::string& line : all)
    EXPECT_THAT(line, EndsWith("[info] " + std::string(200, 'x')));
}

TEST_F(LogTest, AFileThatCannotBeOpenedIsAnError) {
  const std::string folder = directory_.path().string();
  EXPECT_THAT(test::error_of([&] { log::open_log_file(folder); }),
              testing::StartsWith("I/O error: " + folder + ": cannot open the log file: "));
}

TEST_F(LogTest, ProgressIsALogLineWhereThereIsNoTerminal) {
  if (log::status_is_shown()) GTEST_SKIP() << "standard error is a terminal";
  const auto documents = [](uint64_t count) { return str_cat(count, " documents"); };
  Progress known("tokenize", 200, documents, std::chrono::seconds(0));
  known.update(50, "2 skipped");
  Progress unknown("read", 0, documents, std::chrono::seconds(0));
  unknown.update(7);
  Progress rare("rare", 10, documents, std::chrono::hours(1));
  rare.update(5);
  EXPECT_THAT(
      lines(),
      ElementsAre(MatchesRegex(".*\\[info\\] tokenize: 50 documents of 200 documents \\(25%\\), "
                               "[0-9]+ documents/s, [0-9.:s ]+ left, 2 skipped"),
                  MatchesRegex(".*\\[info\\] read: 7 documents, [0-9]+ documents/s")));
}

}  // namespace
}  // namespace rexbert
