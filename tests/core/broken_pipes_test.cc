#include "rexbert/core/broken_pipes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace rexbert {
namespace {

// Writes to a pipe that nobody reads and says what came of it.
[[noreturn]] void write_and_exit() {
  int ends[2];
  if (::pipe(ends) != 0) std::_Exit(3);
  ::close(ends[0]);
  std::_Exit(::write(ends[1], "x", 1) < 0 && errno == EPIPE ? 0 : 1);
}

TEST(BrokenPipesDeathTest, AreErrorsOfTheWrite) {
  EXPECT_EXIT(write_and_exit(), ::testing::KilledBySignal(SIGPIPE), "");
  EXPECT_EXIT(
      {
        ignore_broken_pipes();
        write_and_exit();
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(BrokenPipes, AreLeftToAHandlerThatIsThere) {
  const auto before = std::signal(SIGPIPE, [](int) {});
  ignore_broken_pipes();
  EXPECT_NE(std::signal(SIGPIPE, before), SIG_IGN);
}

}  // namespace
}  // namespace rexbert
