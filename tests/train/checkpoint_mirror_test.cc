#include "rexbert/train/checkpoint_mirror.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "rexbert/ckpt/store.h"
#include "rexbert/core/strings.h"
#include "support/errors.h"
#include "support/fake_clock.h"
#include "support/s3_server.h"
#include "support/temporary_directory.h"

namespace rexbert::train {
namespace {

using test::error_of;
using test::HttpMessage;
using test::HttpReply;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Mirror : public ::testing::Test {
 protected:
  Mirror() {
    s3_.put("/bucket/here", "");
    server_.start(std::ref(s3_));
    ::setenv("AWS_ACCESS_KEY_ID", "key", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    ::setenv("AWS_ENDPOINT_URL", server_.url().c_str(), 1);
  }

  fs::path publish(int64_t step) {
    ckpt::CheckpointStore store(env_, run_ / "checkpoints");
    store.publish(step, {}, [&](Env& env, const fs::path& folder) {
      write_synced_file(env, folder / "model.safetensors", str_cat("weights of step ", step));
      write_synced_file(env, folder / "config.json", "{}");
    });
    return store.folder(step);
  }

  std::optional<fs::path> restore(const fs::path& directory) {
    return restore_checkpoint(env_, kUrl, directory, net::storage_options(), clock_);
  }

  static constexpr const char* kUrl = "s3://bucket/runs/demo";
  Env& env_ = Env::posix();
  test::S3Server s3_;
  test::HttpServer server_;
  test::FakeClock clock_;
  test::TemporaryDirectory run_;
  test::TemporaryDirectory other_;
};

TEST_F(Mirror, HoldsWhatWasPublishedAndGivesItBack) {
  EXPECT_FALSE(restore(other_ / "checkpoints"));
  {
    CheckpointMirror mirror(env_, kUrl, net::storage_options(), clock_);
    mirror.add(publish(10));
    mirror.finish();
    mirror.add(publish(20));
  }
  EXPECT_EQ(s3_.requests().back(), "PUT /bucket/runs/demo/latest");
  EXPECT_EQ(s3_.objects().at("/bucket/runs/demo/latest"), "step-000000020\nstep-000000010\n");
  EXPECT_TRUE(s3_.objects().contains("/bucket/runs/demo/step-000000010/manifest.json"));
  const auto folder = restore(other_ / "checkpoints");
  ASSERT_TRUE(folder);
  EXPECT_EQ(env_.read_file(*folder / "model.safetensors"), "weights of step 20");
  const auto found = ckpt::CheckpointStore(env_, other_ / "checkpoints").newest_valid();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->step, 20);
}

TEST_F(Mirror, WhatFailsIsTriedWithTheNextCheckpoint) {
  s3_.intervene = [](const HttpMessage& message) -> std::optional<HttpReply> {
    if (message.target.find("step-000000010/model") == std::string::npos) return {};
    return test::S3Server::error(403, "AccessDenied", "Access Denied");
  };
  CheckpointMirror mirror(env_, kUrl, net::storage_options(), clock_);
  mirror.add(publish(10));
  mirror.finish();
  EXPECT_FALSE(s3_.objects().contains("/bucket/runs/demo/latest"));
  mirror.add(publish(20));
  mirror.finish();
  EXPECT_EQ(s3_.objects().at("/bucket/runs/demo/latest"), "step-000000020\n");
}

TEST_F(Mirror, NeedsACheckpointUntilItIsCopied) {
  CheckpointMirror mirror(env_, kUrl, net::storage_options(), clock_);
  const fs::path folder = publish(10);
  ckpt::CheckpointStore store(env_, run_ / "checkpoints");
  const auto prune = [&] {
    store.prune({1, [&](int64_t step) { return mirror.needs(store.folder(step)); }});
  };
  std::atomic<bool> pruned = false;
  s3_.intervene = [&](const HttpMessage& message) -> std::optional<HttpReply> {
    if (message.method == "PUT" && !pruned.exchange(true)) {  // of the first file
      publish(20);
      prune();
    }
    return {};
  };
  mirror.add(folder);
  mirror.finish();
  EXPECT_TRUE(pruned);
  EXPECT_EQ(s3_.objects().at("/bucket/runs/demo/latest"), "step-000000010\n");
  prune();
  EXPECT_FALSE(env_.exists(folder));
}

// It may be one that the keys may not read, and a new run would write over it; one that begins
// anew all the same is copied.
TEST_F(Mirror, AForbiddenLatestIsNoNewRun) {
  s3_.hides_missing = true;
  EXPECT_THAT(error_of([&] { restore(other_ / "checkpoints"); }),
              AllOf(HasSubstr("/latest"), HasSubstr("s3:ListBucket")));
}

TEST_F(Mirror, DamageAndStrangeNamesAreRefused) {
  {
    CheckpointMirror mirror(env_, kUrl, net::storage_options(), clock_);
    mirror.add(publish(10));
  }
  s3_.put("/bucket/runs/demo/step-000000010/model.safetensors", "weights of step 11");
  EXPECT_THAT(error_of([&] { restore(other_ / "checkpoints"); }),
              AllOf(HasSubstr("corrupt"), HasSubstr("model.safetensors"), HasSubstr("xxh3_128")));
  EXPECT_FALSE(fs::exists(other_ / "checkpoints" / "step-000000010"));
  s3_.put("/bucket/runs/demo/latest", "../elsewhere\n");
  EXPECT_THAT(error_of([&] { restore(other_ / "checkpoints"); }),
              HasSubstr("latest: expected the name of a checkpoint"));
  EXPECT_THAT(error_of([&] { CheckpointMirror(env_, "https://host/x"); }),
              HasSubstr("expected s3://bucket/key"));
}

TEST_F(Mirror, AnOlderOneServesWhereTheNewestIsDamaged) {
  {
    CheckpointMirror mirror(env_, kUrl, net::storage_options(), clock_);
    mirror.add(publish(10));
    mirror.finish();
    mirror.add(publish(20));
  }
  s3_.put("/bucket/runs/demo/step-000000020/model.safetensors", "weights of step 21");
  const auto folder = restore(other_ / "checkpoints");
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->filename(), "step-000000010");
  EXPECT_FALSE(fs::exists(other_ / "checkpoints" / ".fetching-step-000000020"));
}

TEST_F(Mirror, NamesNoStepOfARunThatWasGivenUp) {
  const auto latest = [&] { return s3_.objects().at("/bucket/runs/demo/latest"); };
  {
    CheckpointMirror mirror(env_, kUrl, net::storage_options(), clock_);
    for (const int64_t step : {10, 20, 30}) {
      mirror.add(publish(step));
      mirror.finish();
    }
  }
  rewind_mirror(kUrl, 20, net::storage_options(), clock_);
  EXPECT_EQ(latest(), "step-000000020\nstep-000000010\n");
  // While step 20 is written over, nothing says that it is whole.
  std::string meanwhile;
  s3_.intervene = [&](const HttpMessage& message) -> std::optional<HttpReply> {
    if (message.target.find("step-000000020/model") != std::string::npos) meanwhile = latest();
    return {};
  };
  CheckpointMirror mirror(env_, kUrl, net::storage_options(), clock_);
  mirror.add(run_ / "checkpoints" / "step-000000020");
  mirror.finish();
  EXPECT_EQ(meanwhile, "step-000000010\n");
  EXPECT_EQ(latest(), "step-000000020\nstep-000000010\n");
}

}  // namespace
}  // namespace rexbert::train
