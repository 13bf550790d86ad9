#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "support/command.h"
#include "support/s3_server.h"
#include "support/temporary_directory.h"
#include "support/world.h"

namespace rexbert {
namespace {

using test::CommandResult;
using test::run_rexbert;
using test::World;
using ::testing::_;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

// Runs whose streams lie at a server.
class StorageRun : public ::testing::Test {
 protected:
  StorageRun() {
    s3_.secret_key = "secret";
    s3_.put("/bucket/here", "");
    server_.start(std::ref(s3_));
    account_ = {"AWS_ENDPOINT_URL=" + server_.url(), "AWS_ACCESS_KEY_ID=" + s3_.access_key,
                "AWS_SECRET_ACCESS_KEY=" + s3_.secret_key};
  }

  // As the user of the account.
  CommandResult run(std::vector<std::string> words) { return run_rexbert(words, {}, account_); }
  CommandResult train(const std::string& name, const std::vector<std::string>& more = {}) {
    return run(world_.train_arguments(directory_ / name, more));
  }
  // The settings for streams in the bucket, by way of a cache.
  std::vector<std::string> remote(const std::string& cache = "cache") {
    std::vector<std::string> words;
    for (const std::string stream : {"general", "ecommerce"}) {
      const std::string key = "streams." + stream;
      words.insert(words.end(), {"--set", key + ".path=s3://bucket/" + stream, "--set",
                                 key + ".cache.directory=" + (directory_ / cache).string(), "--set",
                                 key + ".cache.limit=64MiB"});
    }
    return words;
  }
  void sync() {
    for (const std::string stream : {"general", "ecommerce"}) {
      const CommandResult result =
          run({"shards", "sync", (world_.path() / "shards" / stream / "train").string(),
               "s3://bucket/" + stream});
      ASSERT_EQ(result.exit_code, 0) << result.err;
    }
  }

  std::map<std::string, std::string> final_bits(const std::string& name) {
    const fs::path checkpoints = directory_ / name / "checkpoints";
    const fs::path folder = checkpoints / str_trim(env_.read_file(checkpoints / "latest"));
    Json state = Json::parse(env_.read_file(folder / "trainer_state.json"));
    for (Json& stream : state["loader"]["streams"]) stream.erase("slices");
    return {{"weights", env_.read_file(folder / "model.safetensors")},
            {"moments", env_.read_file(folder / "optimizer.safetensors")},
            {"cursors", state["loader"].dump()}};
  }

  Env& env_ = Env::posix();
  const World& world_ = World::instance();
  test::TemporaryDirectory directory_;
  test::S3Server s3_;
  test::HttpServer server_;
  std::vector<std::string> account_;
};

TEST_F(StorageRun, EndsInTheBitsOfOneFromTheDisk) {
  sync();
  ASSERT_EQ(train("disk").exit_code, 0);
  const CommandResult result = train("bucket", remote());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(final_bits("bucket"), final_bits("disk"));
}

TEST_F(StorageRun, AResumeFetchesEachShardOnceAndNoOffsetTable) {
  sync();
  ASSERT_EQ(train("whole").exit_code, 0);
  std::vector<std::string> half = remote("first");
  half.insert(half.end(), {"--stop-at-step", "20"});
  s3_.forget_requests();
  ASSERT_EQ(train("run", half).exit_code, 0);
  const auto requested = [&] {
    std::map<std::string, int> times;
    for (const std::string& line : s3_.requests()) {
      if (line.find("shard.") != std::string::npos) ++times[line];
    }
    s3_.forget_requests();
    return times;
  };
  EXPECT_THAT(requested(), Contains(Pair(HasSubstr("general"), Ge(3)))) << "twice the table's";
  const CommandResult rest = train("run", remote("cold"));
  ASSERT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_THAT(rest.err, HasSubstr("resuming at step 20"));
  EXPECT_THAT(requested(), AllOf(Not(IsEmpty()), Each(Pair(_, 1))));
  EXPECT_EQ(final_bits("run"), final_bits("whole"));
}

TEST_F(StorageRun, GoesOnFromTheMirrorOnAnotherMachine) {
  const std::vector<std::string> mirror = {"--set", "checkpoint.mirror=s3://bucket/runs/demo"};
  ASSERT_EQ(train("whole").exit_code, 0);
  std::vector<std::string> half = mirror;
  half.insert(half.end(), {"--stop-at-step", "20"});
  ASSERT_EQ(train("first", half).exit_code, 0);
  const CommandResult rest = train("second", mirror);
  ASSERT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_THAT(rest.err, AllOf(HasSubstr("fetching the checkpoint s3://bucket/runs/demo/step-"),
                              HasSubstr("resuming at step 20")));
  EXPECT_EQ(final_bits("second"), final_bits("whole"));
}

TEST_F(StorageRun, ShardsAreCopiedAndVerified) {
  sync();
  EXPECT_THAT(run({"shards", "verify", "s3://bucket/general"}).out, HasSubstr(": sound"));
  EXPECT_THAT(run({"shards", "info", "s3://bucket/general"}).out, HasSubstr("input_ids"));
  const std::string copy = (directory_ / "copy").string();
  ASSERT_EQ(run({"shards", "sync", "s3://bucket/general", copy}).exit_code, 0);
  EXPECT_THAT(run({"shards", "sync", "s3://bucket/general", copy}).out,
              HasSubstr("0 shards copied"));
  EXPECT_THAT(run({"shards", "verify", copy}).out, HasSubstr(": sound"));
}

TEST_F(StorageRun, SaysWhatToDo) {
  sync();
  account_[2] = "AWS_SECRET_ACCESS_KEY=wrong";
  const CommandResult result = train("wrong", remote());
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, AllOf(HasSubstr("streams.ecommerce"), HasSubstr("s3://bucket/ecommerce"),
                                HasSubstr("check AWS_SECRET_ACCESS_KEY")));
}

TEST_F(StorageRun, LoaderBenchReadsUrls) {
  sync();
  const CommandResult result =
      run({"bench", "loader", "--url", "s3://bucket/general", "--cache",
           (directory_ / "cache").string(), "--policy", "none", "--context", "64", "--tokens",
           "10000", "--lanes", "2", "--repeats", "1", "--rate", "1e6", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"data_wait\":"));
}

}  // namespace
}  // namespace rexbert
