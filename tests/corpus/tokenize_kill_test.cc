#include <gtest/gtest.h>

#include <chrono>

#include "corpus/tokenize_fixture.h"
#include "rexbert/core/philox.h"
#include "support/process.h"

namespace rexbert::corpus {
namespace {

using Clock = std::chrono::steady_clock;
using test::kill_at;
using test::wait_for;

// The real command, killed with SIGKILL at random moments and started again.
class TokenizeKill : public TokenizeFixture {
 protected:
  pid_t start(const std::string& output) const {
    return test::start_rexbert(
        {"tokenize", path("corpus").string(), "--tokenizer", path("tokenizer").string(), "--output",
         path(output).string(), "--holdout", "10%,2", "--shard-size", "16KiB", "--on-error", "skip",
         "--threads", "2"},
        path("log"));
  }

  void run_to_end(const std::string& output) const {
    const int status = wait_for(start(output));
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << env().read_file(path("log"));
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
