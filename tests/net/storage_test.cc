#include "rexbert/net/storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "rexbert/core/strings.h"
#include "rexbert/net/web_env.h"
#include "support/errors.h"
#include "support/fake_clock.h"
#include "support/s3_server.h"
#include "support/temporary_directory.h"

namespace rexbert::net {
namespace {

using test::error_of;
using test::HttpMessage;
using test::HttpReply;
using test::S3Server;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class StorageTest : public ::testing::Test {
 protected:
  StorageTest() {
    s3_.secret_key = "secret/with+signs=";
    s3_.put("/bucket/folder/a b.mds", "0123456789");
    server_.start(std::ref(s3_));
    variables_ = {{"AWS_ACCESS_KEY_ID", s3_.access_key},
                  {"AWS_SECRET_ACCESS_KEY", s3_.secret_key},
                  {"AWS_ENDPOINT_URL", server_.url()}};
    // The server sees the key as it is sent.
    s3_.put("/bucket/folder/a%20b.mds", "0123456789");
  }

  Storage storage() {
    return Storage(storage_options(), clock_, Env::posix(), [this](const char* name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::string() : found->second;
    });
  }

  // The error of reading s3://bucket/folder/a b.mds.
  std::string failure(const std::string& url = "s3://bucket/folder/a b.mds") {
    Storage reader = storage();
    return error_of([&] { reader.read(url); });
  }

  S3Server s3_;
  test::HttpServer server_;
  test::FakeClock clock_;
  std::map<std::string, std::string> variables_;
};

TEST_F(StorageTest, SignsWhatItReadsAndWrites) {
  Storage storage = this->storage();
  const std::string url = "s3://bucket/folder/a b.mds";
  const auto object = storage.look_up(url);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->size, 10u);
  EXPECT_EQ(storage.read(url), "0123456789");
  const Storage::Part part = storage.read_part(url, 3, 4, object->version);
  EXPECT_EQ(part.data, "3456");
  EXPECT_EQ(part.object.size, 10u);
  EXPECT_EQ(part.object.version, object->version);
  storage.write("s3://bucket/new/\u00e9", "body of it");
  EXPECT_EQ(s3_.objects().at("/bucket/new/%C3%A9"), "body of it");
  storage.write("s3://bucket/empty", "");
  EXPECT_EQ(storage.look_up("s3://bucket/empty")->size, 0u);
  EXPECT_FALSE(storage.look_up("s3://bucket/none"));
}

TEST_F(StorageTest, AnObjectThatChangesOrEndsIsAnError) {
  Storage storage = this->storage();
  const std::string url = "s3://bucket/x";
  s3_.put("/bucket/x", "0123456789");
  const std::string version = storage.look_up(url)->version;
  EXPECT_THAT(error_of([&] { storage.read_part(url, 8, 4, version); }),
              HasSubstr("x: offset 8: expected 4 bytes, got 2 of an object of 10"));
  s3_.put("/bucket/x", "9876543210");
  EXPECT_THROW(storage.read_part(url, 0, 4, version), ChangedError);
}

TEST_F(StorageTest, WrongKeysSaySo) {
  variables_["AWS_SECRET_ACCESS_KEY"] = "wrong";
  EXPECT_THAT(failure(), AllOf(HasSubstr("s3://bucket/folder/a b.mds: GET http://127.0.0.1"),
                               HasSubstr("status 403 SignatureDoesNotMatch"),
                               HasSubstr("check AWS_SECRET_ACCESS_KEY"), Not(HasSubstr("wrong:"))));
  variables_["AWS_ACCESS_KEY_ID"] = "AKOTHER";
  EXPECT_THAT(failure(), HasSubstr("does not know the access key AKOTHER of the environment"));
  variables_.erase("AWS_ACCESS_KEY_ID");
  variables_.erase("AWS_SECRET_ACCESS_KEY");
  EXPECT_THAT(failure(), HasSubstr("no credentials were found: set AWS_ACCESS_KEY_ID"));
  EXPECT_THAT(clock_.sleeps(), ::testing::IsEmpty()) << "trying again does not help";
}

TEST_F(StorageTest, WrongRegionsAndBucketsSaySo) {
  s3_.region = "eu-west-1";
  EXPECT_THAT(failure(),
              HasSubstr("bucket bucket is not in region us-east-1: set AWS_REGION=eu-west-1"));
  variables_["AWS_REGION"] = "eu-west-1";
  EXPECT_THAT(failure("s3://other/key"),
              AllOf(HasSubstr("not found"), HasSubstr("there is no bucket other at http://127")));
  Storage reader = storage();
  EXPECT_THAT(error_of([&] { reader.look_up("s3://other/key"); }),
              HasSubstr("there is no bucket other at http://127"));
  variables_["AWS_SECRET_ACCESS_KEY"] = "wrong";
  Storage stranger = storage();
  EXPECT_THAT(error_of([&] { stranger.look_up("s3://bucket/key"); }),
              HasSubstr("SignatureDoesNotMatch"))
      << "the answer to HEAD does not say it";
}

TEST_F(StorageTest, ATokenThatExpiresIsReadAgainOrSaysSo) {
  const test::TemporaryDirectory folder;
  const auto write = [&](const std::string& token) {
    publish_file(Env::posix(), folder / "credentials",
                 str_cat("[default]\naws_access_key_id = ", s3_.access_key,
                         "\naws_secret_access_key = ", s3_.secret_key,
                         "\naws_session_token = ", token, "\n"));
  };
  s3_.session_token = "first";
  variables_ = {{"AWS_SHARED_CREDENTIALS_FILE", (folder / "credentials").string()},
                {"AWS_CONFIG_FILE", (folder / "config").string()},
                {"AWS_ENDPOINT_URL", server_.url()}};
  write("first");
  Storage storage = this->storage();
  EXPECT_EQ(storage.read("s3://bucket/folder/a b.mds"), "0123456789");
  s3_.session_token = "second";
  EXPECT_THAT(error_of([&] { storage.read("s3://bucket/folder/a b.mds"); }),
              AllOf(HasSubstr("status 400 ExpiredToken"), HasSubstr("get new credentials"),
                    Not(HasSubstr("first"))));
  write("second");
  EXPECT_EQ(storage.read("s3://bucket/folder/a b.mds"), "0123456789");
}

TEST_F(StorageTest, OutlivesAnOutageAndABusyServer) {
  std::atomic<int> count = 0;
  s3_.intervene = [&](const HttpMessage&) -> std::optional<HttpReply> {
    if (++count <= 6) return S3Server::error(503, "SlowDown", "Reduce your request rate.");
    return {};
  };
  Storage storage = this->storage();
  EXPECT_EQ(storage.read("s3://bucket/folder/a b.mds"), "0123456789");
  EXPECT_EQ(clock_.sleeps().size(), 6u);
  EXPECT_GT(clock_.now() - test::FakeClock().now(), std::chrono::seconds(15));
}

TEST_F(StorageTest, IsAnEnvForUrls) {
  variables_.clear();
  s3_.secret_key.clear();
  WebEnv env(Env::posix(), {}, 4, clock_);
  const std::string url = server_.url("/bucket/folder/a%20b.mds");
  EXPECT_EQ(env.map_file(url)->data(), "0123456789");
  EXPECT_TRUE(is_url("s3://bucket/x"));
  EXPECT_FALSE(is_url("shards/s3://"));
  EXPECT_THAT(error_of([&] { env.map_file(server_.url("/bucket/none")); }),
              AllOf(HasSubstr("not found"), HasSubstr("/bucket/none: status 404")));
}

}  // namespace
}  // namespace rexbert::net
