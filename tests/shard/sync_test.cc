#include "rexbert/shard/sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "rexbert/core/hash.h"
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

// Of an encrypted object the ETag is no MD5.
TEST_F(Sync, KnowsEncryptedObjects) {
  RemoteStream plain("", {});  // without hashes, the ETag is all there is to compare
  const std::string url = plain.url();
  ::setenv("AWS_ENDPOINT_URL", url.substr(0, url.find("/bucket")).c_str(), 1);
  int round = 0;
  for (const char* encryption : {"", "AES256", "aws:kms"}) {
    plain.s3().encryption = encryption;
    const std::string to = (target_.path() / str_cat(++round)).string();
    EXPECT_EQ(sync("s3://bucket/train", to).copied, plain.index().shards.size()) << encryption;
    EXPECT_EQ(contents_of(to), contents_of(plain.folder())) << encryption;
    EXPECT_EQ(sync(to, "s3://bucket/train").copied, 0u) << encryption;
  }
  plain.s3().encryption = "AES256";
  plain.s3().damage = [&](const test::HttpMessage& message, test::HttpReply& reply) {
    if (message.target.ends_with(plain.name(1)) && message.method == "GET") reply.body[40] ^= 1;
  };
  const std::string to = (target_.path() / "damaged").string();
  EXPECT_THAT(error_of([&] { sync("s3://bucket/train", to); }, ErrorCode::kCorrupt),
              ::testing::AllOf(HasSubstr(plain.name(1)), HasSubstr("as its ETag says")));
  // A partial file that was whole when its process ended is compared too.
  plain.s3().damage = {};
  std::string whole = plain.s3().objects().at("/bucket/train/" + plain.name(1));
  write_all(fs::path(to) / (plain.name(1) + ".version"), "\"" + hash_hex("md5", whole) + "\"");
  const std::string sound = whole;
  whole[40] ^= 1;
  write_all(fs::path(to) / (plain.name(1) + ".partial"), whole);
  sync("s3://bucket/train", to);
  EXPECT_EQ(read_all(fs::path(to) / plain.name(1)), sound);
}

TEST_F(Sync, ASidecarMayBeForbidden) {
  remote_.s3().hides_missing = true;
  const std::string to = (target_.path() / "train").string();
  sync("s3://bucket/train", to);
  EXPECT_EQ(contents_of(to), contents_of(remote_.folder()));
}

TEST_F(Sync, WantsAFolderAndAUrl) {
  EXPECT_THAT(error_of([&] { sync("a", "b"); }, ErrorCode::kUsage),
              HasSubstr("expected a folder and a URL"));
  EXPECT_THAT(error_of([&] { sync("a", "https://host/b"); }, ErrorCode::kUsage),
              HasSubstr("expected an s3:// URL to write to"));
  for (const char* url : {"https://user:secret@host/b", "s3://user:secret@bucket/b"}) {
    const auto refused = ::testing::AllOf(HasSubstr("expected a URL without user:password@"),
                                          ::testing::Not(HasSubstr("secret")));
    EXPECT_THAT(error_of([&] { sync("a", url); }, ErrorCode::kUsage), refused);
    EXPECT_THAT(error_of([&] { sync(url, "a"); }, ErrorCode::kUsage), refused);
  }
}

}  // namespace
}  // namespace rexbert::shard
