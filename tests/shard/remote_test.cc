#include "rexbert/shard/remote_shards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "rexbert/net/web_env.h"
#include "shard/cache_files.h"
#include "shard/remote_stream.h"

namespace rexbert::shard {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(RemoteShards, GiveTheTokensOfTheFolder) {
  for (const char* compression : {"", "zstd", "gz", "snappy"}) {
    RemoteStream remote(compression);
    const auto stream = TokenStream::open(Env::posix(), remote.open());
    EXPECT_TRUE(stream.is_remote());
    const auto local = TokenStream::open(Env::posix(), remote.folder());
    for (size_t i = 0; i < stream.shards(); ++i) {
      EXPECT_EQ(stream.offsets(i), local.offsets(i)) << compression;
      EXPECT_EQ(RemoteStream::tokens(stream, i), remote.true_tokens(i)) << compression;
    }
  }
}

TEST(RemoteShards, AreFetchedOnceByAllWhoShareTheCache) {
  RemoteStream remote("zstd");
  const auto first = remote.open();
  for (size_t i = 0; i < 3; ++i) first->hold(i);
  const auto second = remote.open();
  remote.s3().forget_requests();
  for (size_t i = 0; i < 3; ++i) second->hold(i);
  EXPECT_EQ(remote.s3().count("shard."), 0u);
  EXPECT_EQ(first->traffic().shards, 3u);
  EXPECT_EQ(second->traffic().shards, 0u);
  second->hold(3);
  EXPECT_EQ(second->traffic().bytes, remote.index().shards[3].stored_bytes());
}

TEST(RemoteShards, OffsetsComeFromTheFrontAlone) {
  RemoteStream remote;
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  for (size_t i = 0; i < stream.shards(); ++i) stream.offsets(i);
  EXPECT_THAT(remote.cached(), SizeIs(0));
  const auto again = TokenStream::open(Env::posix(), remote.open());
  remote.s3().forget_requests();
  for (size_t i = 0; i < again.shards(); ++i) again.offsets(i);
  EXPECT_EQ(remote.s3().count("shard."), 0u) << "the tables are in the cache";
}

TEST(RemoteShards, TheOnesUsedLongestAgoGoFirstAndThoseInUseStay) {
  RemoteStream remote;
  const auto shards = remote.open(remote.options(static_cast<int64_t>(3 * remote.largest())));
  const auto zero = shards->hold(0);
  shards->hold(1);
  shards->hold(2);
  shards->hold(1);  // used again
  shards->hold(3);
  EXPECT_THAT(remote.cached(), ElementsAre(remote.name(0), remote.name(1), remote.name(3)));
  shards->hold(4);
  EXPECT_THAT(remote.cached(), ElementsAre(remote.name(0), remote.name(3), remote.name(4)));
}

TEST(RemoteShards, ShardsInUseMayPassTheLimit) {
  RemoteStream remote;
  const auto shards = remote.open(remote.options(static_cast<int64_t>(2 * remote.largest())));
  std::vector<RemoteShards::Held> held;
  for (size_t i = 0; i < 4; ++i) held.push_back(shards->hold(i));
  EXPECT_THAT(remote.cached(), SizeIs(4));
  held.clear();
  shards->hold(5);
  EXPECT_THAT(remote.cached(), SizeIs(2));
}

TEST(RemoteShards, ALimitBelowAShardIsAnError) {
  RemoteStream remote;
  EXPECT_THAT(error_of([&] { remote.open(remote.options(100)); }, ErrorCode::kConfig),
              HasSubstr("cache.limit: expected at least"));
}

TEST(RemoteShards, AnotherIndexIsAnotherStream) {
  RemoteStream remote;
  remote.open()->hold(0);
  std::string index = remote.s3().objects().at("/bucket/train/index.json");
  remote.s3().put("/bucket/train/index.json", index + " ");
  const auto other = remote.open();
  remote.s3().forget_requests();
  other->hold(0);
  EXPECT_EQ(remote.s3().count(remote.name(0)), 1u);
}

TEST(RemoteShards, WhatIsAnnouncedComesInTheBackground) {
  RemoteStream remote;
  const auto shards = remote.open_in_real_time();
  shards->prefetch({0, 1, 2, 3, 4, 5});
  for (size_t i = 0; i < 6; ++i) shards->hold(i);  // waits for those on their way
  EXPECT_EQ(shards->traffic().shards, 6u);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(remote.s3().count(remote.name(i)), 1u) << i;
}

TEST(RemoteShards, AFolderWithoutAnIndexIsNoStream) {
  RemoteStream remote;
  remote.s3().remove("/bucket/train/index.json");
  EXPECT_THAT(error_of([&] { remote.open(); }, ErrorCode::kNotFound),
              AllOf(HasSubstr("/bucket/train/index.json: no such object"),
                    HasSubstr("whose index is written last")));
}

// As a public bucket answers whoever may read and not list.
TEST(RemoteShards, ASidecarMayBeForbidden) {
  RemoteStream remote("zstd");
  remote.s3().hides_missing = true;
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  EXPECT_FALSE(stream.info());
  EXPECT_EQ(RemoteStream::tokens(stream, 1), remote.true_tokens(1));
  net::WebEnv web(Env::posix());
  EXPECT_TRUE(verify_stream(web, remote.url()).ok());
  remote.s3().remove("/bucket/train/index.json");
  for (const auto& open : std::vector<std::function<void()>>{
           [&] { remote.open(); }, [&] { verify_stream(web, remote.url()); }}) {
    EXPECT_THAT(error_of(open, ErrorCode::kIo),
                AllOf(HasSubstr("index.json"), HasSubstr("status 403")));
  }
}

TEST(RemoteShards, PasswordsInUrlsAreRefusedUnread) {
  RemoteStream remote;
  net::WebEnv web(Env::posix());
  std::string url = remote.url();
  url.insert(7, "user:secret@");
  for (const auto& open : std::vector<std::function<void()>>{
           [&] { RemoteShards::open(Env::posix(), url, remote.options()); },
           [&] { TokenStream::open(Env::posix(), url, {}, remote.options()); },
           [&] { verify_stream(web, url); }, [&] { describe_stream(web, url); }}) {
    EXPECT_THAT(error_of(open, ErrorCode::kUsage),
                AllOf(HasSubstr("expected a URL without user:password@"),
                      ::testing::Not(HasSubstr("secret"))));
  }
  EXPECT_THAT(remote.s3().requests(), SizeIs(0));
}

TEST(RemoteShards, VerifyReadsUrls) {
  RemoteStream remote("zstd");
  net::WebEnv web(Env::posix());
  EXPECT_TRUE(verify_stream(web, remote.url()).ok());
  std::string shard = remote.s3().objects().at("/bucket/train/" + remote.name(1));
  shard[shard.size() / 2] ^= 4;
  remote.s3().put("/bucket/train/" + remote.name(1), shard);
  const VerifyReport report = verify_stream(web, remote.url());
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.problems, Contains(HasSubstr(remote.name(1) + ": offset 0: sha1")));
}

}  // namespace
}  // namespace rexbert::shard
