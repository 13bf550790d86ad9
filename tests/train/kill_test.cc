#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "rexbert/core/philox.h"
#include "support/process.h"
#include "support/world.h"

namespace rexbert {
namespace {

using Clock = std::chrono::steady_clock;
using test::kill_at;
using test::wait_for;
using test::World;

// The real command, killed with SIGKILL at random moments and started again.
class KillTest : public ::testing::Test {
 protected:
  const World& world_ = World::instance();
  test::TemporaryDirectory directory_;
  Env& env_ = Env::posix();

  pid_t start(const fs::path& run) const {
    return test::start_rexbert(world_.train_arguments(run), directory_.path() / "log");
  }

  bool contains(const fs::path& run, const std::string& text) const {
    const fs::path metrics = run / "metrics.jsonl";
    return env_.exists(metrics) && env_.read_file(metrics).find(text) != std::string::npos;
  }

  // True while a checkpoint is being written.
  bool is_writing(const fs::path& run) const {
    std::error_code error;
    for (fs::directory_iterator entry(run / "checkpoints", error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path().filename().string().starts_with(".staging-")) return true;
    }
    return false;
  }

  std::string final_weights(const fs::path& run) const {
    const std::string latest = env_.read_file(run / "checkpoints" / "latest");
    return latest + env_.read_file(run / "checkpoints" / str_trim(latest) / "model.safetensors");
  }
};

TEST_F(KillTest, KilledTwentyTimesItEndsInTheSameBits) {
  const fs::path whole = directory_.path() / "whole";
  const auto begin = Clock::now();
  ASSERT_EQ(wait_for(start(whole)), 0) << env_.read_file(directory_.path() / "log");
  const auto duration =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
  const std::string expected = final_weights(whole);

  KeyedRng rng(5, Purpose::kTest);
  int kills = 0;
  for (int round = 0; kills < 20; ++round) {
    ASSERT_LT(round, 40) << "the command ended before it could be killed";
    const fs::path run = directory_.path() / str_cat("killed", round);
    // At any moment, inside a checkpoint's writing, and around the two phase changes.
    const auto until =
        Clock::now() + std::chrono::microseconds(rng.next_below(static_cast<uint64_t>(duration)));
    kills += kill_at(start(run), [&] { return Clock::now() >= until; });
    kills += kill_at(start(run), [&] { return is_writing(run); });
    kills += kill_at(start(run), [&] { return contains(run, "\"ended\":\"general\""); });
    kills += kill_at(start(run), [&] { return contains(run, "\"ended\":\"context_extension\""); });
    ASSERT_EQ(wait_for(start(run)), 0) << env_.read_file(directory_.path() / "log");
    ASSERT_EQ(final_weights(run), expected) << "round " << round;
  }
}

TEST_F(KillTest, ASignalEndsTheRunAtTheNextStepWithACheckpoint) {
  for (const int number : {SIGINT, SIGTERM}) {
    const fs::path run = directory_.path() / str_cat("signal", number);
    const pid_t process = start(run);
    while (!contains(run, "\"kind\":\"train\"")) {
      int status = 0;
      ASSERT_EQ(waitpid(process, &status, WNOHANG), 0) << env_.read_file(directory_.path() / "log");
      std::this_thread::yield();
    }
    kill(process, number);
    const int status = wait_for(process);
    ASSERT_TRUE(WIFEXITED(status));
    // The run may have been at its last step already.
    EXPECT_TRUE(WEXITSTATUS(status) == 130 || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
    EXPECT_TRUE(env_.exists(run / "checkpoints" / "latest"));
  }
}

}  // namespace
}  // namespace rexbert
