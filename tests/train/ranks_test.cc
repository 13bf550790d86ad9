#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "dist/ports.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "support/process.h"
#include "support/world.h"

namespace rexbert {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;

// Correct float sums in another order differ by about 2e-7; a mean taken per rank, or gradients
// divided by the number of ranks, by 5e-5 and more.
constexpr double kRounding = 1e-5;

// Runs of the real command with 1, 2 and 4 ranks over Gloo, a thread each: 50 steps and a phase
// change, with dropout.
class RanksTest : public ::testing::Test {
 protected:
  struct Rank {
    pid_t process;
    fs::path log;
  };

  std::vector<std::string> arguments(const fs::path& run,
                                     const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = world_.train_arguments(
        run, {"--set", "data.lanes=4", "--set", "phases.0.batch.warmup.from=4", "--set",
              "phases.0.tokens=12k", "--set", "phases.1.tokens=8k", "--set", "phases.2.tokens=6k",
              "--set", "logging.every_steps=1", "--set", "checkpoint.every=4k", "--set",
              "distributed.timeout=60", "--set", "distributed.check_every_steps=7"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  // `more` may depend on the rank.
  template <class More>
  std::vector<Rank> start(const std::string& name, int world, More more) {
    const int port = test::free_port();
    std::vector<Rank> ranks;
    for (int rank = 0; rank < world; ++rank) {
      const fs::path log = directory_ / str_cat(name, "-", starts_++, "-rank-", rank, ".txt");
      const std::vector<std::string> environment =
          world == 1
              ? std::vector<std::string>()
              : std::vector<std::string>{str_cat("RANK=", rank), str_cat("WORLD_SIZE=", world),
                                         str_cat("MASTER_PORT=", port)};
      ranks.push_back({test::start_rexbert(more(rank), log, environment), log});
    }
    return ranks;
  }
  std::vector<Rank> start(const std::string& name, int world,
                          const std::vector<std::string>& more = {}) {
    return start(name, world, [&](int) { return arguments(directory_ / name, more); });
  }

  // Each rank's exit code, 128 + the signal's number where one ended it.
  static std::vector<int> wait(const std::vector<Rank>& ranks) {
    std::vector<int> codes;
    for (const Rank& rank : ranks) {
      const int status = test::wait_for(rank.process);
      codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    return codes;
  }

  void run(const std::string& name, int world, const std::vector<std::string>& more = {}) {
    const auto ranks = start(name, world, more);
    EXPECT_THAT(wait(ranks), Each(0)) << env_.read_file(ranks[0].log);
  }

  std::string printed(const Rank& rank) { return env_.read_file(rank.log); }

  std::map<int64_t, Json> train_lines(const std::string& name) {
    std::map<int64_t, Json> lines;
    for (const std::string& text :
         str_split(env_.read_file(directory_ / name / "metrics.jsonl"), '\n')) {
      if (text.empty()) continue;
      const Json line = Json::parse(text);
      if (line["kind"] == "train") lines[line["step"]] = line;
    }
    return lines;
  }

  fs::path last_checkpoint(const std::string& name) {
    const fs::path checkpoints = directory_ / name / "checkpoints";
    return checkpoints / str_trim(env_.read_file(checkpoints / "latest"));
  }
  std::string weights(const std::string& name) {
    return env_.read_file(last_checkpoint(name) / "model.safetensors");
  }
  // Where every lane of every stream stands: equal exactly when the same samples were read.
  std::string cursors(const std::string& name) {
    return Json::parse(env_.read_file(last_checkpoint(name) / "trainer_state.json"))["loader"]
        .dump();
  }

  void copy_run(const std::string& from, const std::string& to) {
    fs::copy(directory_ / from, directory_ / to, fs::copy_options::recursive);
  }

  // Until `moment` is true; false where the first rank ended before.
  template <class Moment>
  static bool until(const std::vector<Rank>& ranks, Moment moment) {
    while (!moment()) {
      if (waitpid(ranks[0].process, nullptr, WNOHANG) != 0) return false;
      std::this_thread::yield();
    }
    return true;
  }
  bool has_step(const std::string& name, int64_t step) {
    const fs::path metrics = directory_ / name / "metrics.jsonl";
    return env_.exists(metrics) &&
           env_.read_file(metrics).find(str_cat("\"step\":", step, ",")) != std::string::npos;
  }

  Env& env_ = Env::posix();
  const test::World& world_ = test::World::instance();
  test::TemporaryDirectory directory_;
  int starts_ = 0;
};

TEST_F(RanksTest, AnyNumberOfRanksTrainsTheSame) {
  run("1", 1);
  const auto alone = train_lines("1");
  ASSERT_GE(alone.size(), 50u);
  for (const int world : {2, 4}) {
    const std::string name = std::to_string(world);
    run(name, world);
    const auto lines = train_lines(name);
    ASSERT_EQ(lines.size(), alone.size());
    for (const auto& [step, line] : lines) {
      const Json& expected = alone.at(step);
      for (const char* key : {"loss", "grad_norm"}) {
        const double value = expected[key];
        EXPECT_LE(std::abs(line[key].get<double>() - value), kRounding * value)
            << key << " at step " << step << " of " << world << " ranks";
      }
      for (const char* key : {"phase", "rows", "masked_tokens", "stream_rows", "cursors"}) {
        EXPECT_EQ(line[key], expected[key]) << key << " at step " << step;
      }
      EXPECT_TRUE(line["ranks"]["compute"].contains("median"));
    }
    EXPECT_EQ(cursors(name), cursors("1"));
  }
}

TEST_F(RanksTest, ACheckpointOfFourRanksGoesOnWithAnyNumber) {
  run("whole", 4);
  run("stopped", 4, {"--stop-at-step", "21"});
  const auto whole = train_lines("whole");
  for (const int world : {1, 2, 4}) {
    const std::string name = str_cat("resumed", world);
    copy_run("stopped", name);
    run(name, world);
    const auto lines = train_lines(name);
    ASSERT_EQ(lines.size(), whole.size());
    for (const auto& [step, line] : lines) {
      for (const char* key : {"masked_tokens", "stream_rows", "cursors"}) {
        EXPECT_EQ(line[key], whole.at(step)[key]) << key << " at step " << step;
      }
    }
    EXPECT_EQ(cursors(name), cursors("whole"));
    if (world == 4) {
      EXPECT_EQ(weights(name), weights("whole"));
    }
  }
}

TEST_F(RanksTest, ASignalToOneRankStopsAllAtOneStepWithACheckpoint) {
  run("whole", 4);
  const auto ranks = start("stopped", 4);
  ASSERT_TRUE(until(ranks, [&] { return has_step("stopped", 3); })) << printed(ranks[0]);
  kill(ranks[2].process, SIGTERM);
  const auto codes = wait(ranks);
  EXPECT_THAT(codes, Each(130)) << printed(ranks[0]);
  run("stopped", 4);
  EXPECT_EQ(weights("stopped"), weights("whole"));
}

TEST_F(RanksTest, AKilledRankEndsTheOthersAndARestartEndsInTheSameBits) {
  run("whole", 4);
  for (const int lost : {0, 3}) {
    const std::string name = str_cat("lost", lost);
    const auto ranks = start(name, 4);
    ASSERT_TRUE(until(ranks, [&] { return has_step(name, 5); })) << printed(ranks[0]);
    kill(ranks[static_cast<size_t>(lost)].process, SIGKILL);
    const auto codes = wait(ranks);
    for (int rank = 0; rank < 4; ++rank) {
      if (rank == lost) continue;
      EXPECT_EQ(codes[static_cast<size_t>(rank)], static_cast<int>(ErrorCode::kPeer));
      EXPECT_THAT(
          printed(ranks[static_cast<size_t>(rank)]),
          AllOf(HasSubstr(str_cat("rexbert: rank ", rank, " of 4, step ")),
                HasSubstr(" failed after "),
                HasSubstr(lost == 0 ? "rank 0, which holds the store" : "rank 3 does not answer")));
    }
    run(name, 4);
    EXPECT_EQ(weights(name), weights("whole")) << "rank " << lost;
  }
}

TEST_F(RanksTest, AFrozenRankEndsTheOthersAtTheTimeout) {
  const auto ranks = start("frozen", 4, {"--set", "distributed.timeout=4"});
  ASSERT_TRUE(until(ranks, [&] { return has_step("frozen", 5); })) << printed(ranks[0]);
  kill(ranks[1].process, SIGSTOP);
  for (const int rank : {0, 2, 3}) {
    const Rank& other = ranks[static_cast<size_t>(rank)];
    const int status = test::wait_for(other.process);
    EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(ErrorCode::kPeer));
    EXPECT_THAT(printed(other), HasSubstr("rank 1 does not answer"));
  }
  kill(ranks[1].process, SIGKILL);
  test::wait_for(ranks[1].process);
}

TEST_F(RanksTest, RanksThatWereStartedUnlikeAreRefused) {
  const auto ranks = start("unlike", 2, [&](int rank) {
    return arguments(directory_ / "unlike",
                     {"--set", str_cat("optimizer.epsilon=", rank == 0 ? "1e-6" : "1e-8")});
  });
  EXPECT_THAT(wait(ranks), Each(static_cast<int>(ErrorCode::kIncompatible)));
  EXPECT_THAT(printed(ranks[0]), HasSubstr("the ranks were not started alike:\n  "
                                           "optimizer.epsilon: 1e-6 on rank 0, 1e-8 on rank 1"));
}

TEST_F(RanksTest, OnlyRankZeroNeedsTheRunsFolder) {
  const std::string tokenizer = (world_.path() / "tokenizer").string();
  const auto apart = [&](int rank) {
    return arguments(
        directory_ / str_cat("of-rank-", rank),
        {"--set", str_cat("streams.general.tokenizer=", tokenizer, rank == 0 ? "" : "/.")});
  };
  for (const char* stop : {"9", "0"}) {
    const auto ranks = start("apart", 2, [&](int rank) {
      auto all = apart(rank);
      all.insert(all.end(), {"--stop-at-step", stop});
      return all;
    });
    EXPECT_THAT(wait(ranks), Each(0)) << printed(ranks[0]);
    EXPECT_THAT(printed(ranks[0]), HasSubstr("of-rank-0 is not shared with rank 1: "));
  }
  EXPECT_FALSE(env_.exists(directory_ / "of-rank-1" / "checkpoints"));
  EXPECT_TRUE(env_.exists(directory_ / "of-rank-1" / "log-rank-1.txt"));
  run("whole", 2);
  EXPECT_EQ(weights("of-rank-0"), weights("whole"));
}

TEST_F(RanksTest, ANumberThatDoesNotDivideTheLanesIsRefused) {
  const auto ranks = start("three", 3);
  EXPECT_THAT(wait(ranks), Each(static_cast<int>(ErrorCode::kUsage)));
  EXPECT_THAT(printed(ranks[0]),
              HasSubstr("expected a number of ranks that divides the 4 lanes, got 3; nearest are 2 "
                        "and 4"));
}

}  // namespace
}  // namespace rexbert
