#include "rexbert/shard/sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "shard/remote_stream.h"

namespace rexbert::shard {
namespace {

using ::testing::HasSubstr;

class Sync : public ::testing::Test {
 protected:
  Sync() {
    // Signed by whoever asks; this server does not look.
    ::setenv("AWS_ACCESS_KEY_ID", "key", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    const std::string url = remote_.url();
    ::setenv("AWS_ENDPOINT_URL", url.substr(0, url.find("/bucket")).c_str(), 1);
  }

  SyncReport sync(const std::string& from, const std::string& to) {
    return sync_stream(Env::posix(), from, to, {.parallel = 3}, clock_);
  }

  RemoteStream remote_{"zstd"};
  TemporaryDirectory target_;
  test::FakeClock clock_;
};

TEST_F(Sync, FetchesAStreamOnce) {
  const std::string to = (target_.path() / "train").string();
  const SyncReport first = sync("s3://bucket/train", to);
  EXPECT_EQ(first.copied, remote_.index().shards.size());
  EXPECT_EQ(first.bytes, remote_.index().stored_bytes());
  EXPECT_EQ(contents_of(to), contents_of(remote_.folder()));
  const SyncReport second = sync(remote_.url() + "/", to);
  EXPECT_EQ(second.copied, 0u);
  EXPECT_EQ(second.skipped, remote_.index().shards.size());
  write_all(target_.path() / "train" / remote_.name(2), "damaged");
  EXPECT_EQ(sync("s3://bucket/train", to).copied, 1u);
  EXPECT_EQ(contents_of(to), contents_of(remote_.folder()));
}

TEST_F(Sync, BringsAStreamThereIndexLast) {
  const SyncReport first = sync(remote_.folder().string(), "s3://bucket/copy");
  EXPECT_EQ(first.copied, remote_.index().shards.size());
  for (const auto& [name, contents] : contents_of(remote_.folder())) {
    EXPECT_EQ(remote_.s3().objects().at("/bucket/copy/" + name), contents) << name;
  }
  EXPECT_EQ(remote_.s3().requests().back(), "PUT /bucket/copy/index.json");
  remote_.s3().put("/bucket/copy/" + remote_.name(1), "another");
  const SyncReport second = sync(remote_.folder().string(), "s3://bucket/copy");
  EXPECT_EQ(second.copied, 1u);
  EXPECT_EQ(second.skipped, remote_.index().shards.size() - 1);
}

TEST_F(Sync, LeavesNoIndexWhereItFails) {
  const std::string to = (target_.path() / "train").string();
  remote_.s3().remove("/bucket/train/" + remote_.name(3));
  EXPECT_THAT(error_of([&] { sync("s3://bucket/train", to); }, ErrorCode::kNotFound),
              HasSubstr(remote_.name(3)));
  EXPECT_FALSE(fs::exists(target_.path() / "train" / "index.json"));
}

TEST_F(Sync, WantsAFolderAndAUrl) {
  EXPECT_THAT(error_of([&] { sync("a", "b"); }, ErrorCode::kUsage),
              HasSubstr("expected a folder and a URL"));
  EXPECT_THAT(error_of([&] { sync("a", "https://host/b"); }, ErrorCode::kUsage),
              HasSubstr("expected an s3:// URL to write to"));
}

}  // namespace
}  // namespace rexbert::shard
