#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "corpus/tokenize_fixture.h"
#include "rexbert/core/philox.h"

extern char** environ;

namespace rexbert::corpus {
namespace {

using Clock = std::chrono::steady_clock;

// The real command, killed with SIGKILL at random moments and started again.
class TokenizeKill : public TokenizeFixture {
 protected:
  pid_t start(const std::string& output) const {
    std::vector<std::string> words = {REXBERT_COMMAND,
                                      "tokenize",
                                      path("corpus").string(),
                                      "--tokenizer",
                                      path("tokenizer").string(),
                                      "--output",
                                      path(output).string(),
                                      "--holdout",
                                      "10%,2",
                                      "--shard-size",
                                      "16KiB",
                                      "--on-error",
                                      "skip",
                                      "--threads",
                                      "2"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const std::string log = path("log").string();
    for (const int descriptor : {1, 2}) {
      posix_spawn_file_actions_addopen(&actions, descriptor, log.c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND, 0666);
    }
    pid_t process = 0;
    EXPECT_EQ(posix_spawn(&process, REXBERT_COMMAND, &actions, nullptr, arguments.data(), environ),
              0);
    posix_spawn_file_actions_destroy(&actions);
    return process;
  }

  // The wait status.
  static int wait_for(pid_t process) {
    int status = 0;
    EXPECT_EQ(waitpid(process, &status, 0), process);
    return status;
  }

  void run_to_end(const std::string& output) const {
    const int status = wait_for(start(output));
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << env().read_file(path("log"));
  }

  // Kills the process when `moment()` says so; false when it ended before.
  template <class Moment>
  static bool kill_at(pid_t process, Moment moment) {
    while (!moment()) {
      int status = 0;
      if (waitpid(process, &status, WNOHANG) == process) return false;
      std::this_thread::yield();
    }
    kill(process, SIGKILL);
    return WIFSIGNALED(wait_for(process));
  }
};

TEST_F(TokenizeKill, KilledAtRandomMomentsItEndsWithTheSameBytes) {
  write("corpus/bad.jsonl", "oops\n" + sample_lines(9000, 300) + "{}\n");
  const auto begin = Clock::now();
  run_to_end("whole");
  const auto whole_run =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
  const auto whole = snapshot("whole");

  KeyedRng rng(17, Purpose::kTest);
  int kills = 0;
  for (int round = 0; kills < 24; ++round) {
    ASSERT_LT(round, 300) << "the command ended before it could be killed";
    const std::string output = str_cat("killed", round);
    // Three kills in a row, then to the end: at a random time, at a random shard, at an index.
    const auto until = Clock::now() + std::chrono::microseconds(
                                          rng.next_below(static_cast<uint64_t>(whole_run.count())));
    kills += kill_at(start(output), [&] { return Clock::now() >= until; });
    const fs::path shard =
        path(output) / "train" / str_printf("shard.%05d.mds", static_cast<int>(rng.next_below(12)));
    kills += kill_at(start(output), [&] { return fs::exists(shard); });
    const fs::path index =
        path(output) / (rng.next_below(2) == 0 ? "train/rexbert.json" : "validation/index.json");
    kills += kill_at(start(output), [&] { return fs::exists(index); });
    run_to_end(output);
    ASSERT_EQ(names(snapshot(output)), names(whole)) << "round " << round;
    ASSERT_EQ(snapshot(output), whole) << "round " << round;
  }
}

}  // namespace
}  // namespace rexbert::corpus
