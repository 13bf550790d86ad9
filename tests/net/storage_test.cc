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
    Options options = storage_options();
    options.seed = 1;
    return Storage(options, clock_, Env::posix(), [this](const char* name) {
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
  const std::string url = "s3://bucket/folder/a b.mds";
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
  const auto says_so = AllOf(HasSubstr("status 400 ExpiredToken"), HasSubstr("get new credentials"),
                             Not(HasSubstr("first")));
  write("first");
  Storage storage = this->storage();
  EXPECT_EQ(storage.read(url), "0123456789");
  s3_.session_token = "second";
  EXPECT_THAT(error_of([&] { storage.read(url); }), says_so);
  EXPECT_THAT(error_of([&] { storage.look_up(url); }), says_so) << "the answer to HEAD does not";
  write("second");
  EXPECT_EQ(storage.read(url), "0123456789");
  s3_.session_token = "third";
  write("third");
  const auto object = storage.look_up(url);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->size, 10u);
}

TEST_F(StorageTest, WhatIsForbiddenMayCountAsAbsent) {
  s3_.hides_missing = true;
  Storage storage = this->storage();
  const std::string none = "s3://bucket/folder/none";
  EXPECT_THAT(error_of([&] { storage.look_up(none); }),
              AllOf(HasSubstr("AccessDenied"), HasSubstr("s3:ListBucket")));
  EXPECT_FALSE(storage.look_up(none, Forbidden::kIsAbsent));
  EXPECT_TRUE(storage.look_up("s3://bucket/folder/a b.mds", Forbidden::kIsAbsent));
  variables_["AWS_SECRET_ACCESS_KEY"] = "wrong";
  Storage stranger = this->storage();
  EXPECT_THAT(error_of([&] { stranger.look_up(none, Forbidden::kIsAbsent); }),
              HasSubstr("SignatureDoesNotMatch"));
  s3_.secret_key.clear();
  EXPECT_FALSE(storage.look_up(server_.url("/bucket/none"), Forbidden::kIsAbsent));
  EXPECT_THAT(error_of([&] { storage.look_up(server_.url("/bucket/none")); }),
              AllOf(HasSubstr("status 403"), HasSubstr("~/.netrc")));
}

TEST_F(StorageTest, AnETagIsAnMd5OnlyWhereS3SaysSo) {
  Storage storage = this->storage();
  const std::string url = "s3://bucket/folder/a b.mds";
  const std::string md5 = "781e5e245d69b566979b86e28d23f2c7";
  const auto got = [&](const std::string& where) {
    const std::string one = storage.look_up(where)->md5;
    EXPECT_EQ(storage.read_part(where, 2, 3).object.md5, one);
    return one;
  };
  EXPECT_EQ(got(url), md5);
  s3_.encryption = "AES256";
  EXPECT_EQ(got(url), md5);
  s3_.encryption = "aws:kms";
  EXPECT_EQ(got(url), "");
  s3_.encryption.clear();
  const std::string http = server_.url("/bucket/folder/a%20b.mds");
  s3_.secret_key.clear();
  EXPECT_EQ(got(http), "") << "a web server's ETag may be anything";
  std::pair<std::string, std::string> header;
  s3_.damage = [&](const HttpMessage&, HttpReply& reply) {
    for (auto& [name, value] : reply.headers) {
      if (name == "ETag" && header.first == name) value = header.second;
    }
    if (header.first != "ETag") reply.headers.push_back(header);
  };
  header = {"x-amz-server-side-encryption-customer-algorithm", "AES256"};
  EXPECT_EQ(got(url), "");
  for (const char* tag :
       {"\"781e5e245d69b566979b86e28d23f2c-1\"", "W/\"781e5e245d69b566979b86e2\"", "\"abc\"", ""}) {
    header = {"ETag", tag};
    EXPECT_EQ(got(url), "") << tag;
  }
}

TEST_F(StorageTest, SignedRequestsFollowNoRedirect) {
  s3_.session_token = variables_["AWS_SESSION_TOKEN"] = "token";
  std::atomic<int> strangers = 0;
  test::HttpServer other([&](const HttpMessage&) -> HttpReply {
    ++strangers;
    return {};
  });
  for (const int status : {301, 307}) {
    s3_.intervene = [&](const HttpMessage&) -> std::optional<HttpReply> {
      HttpReply reply = S3Server::error(status, "TemporaryRedirect", "Please re-send this request");
      reply.headers.emplace_back("Location", other.url("/bucket/folder"));
      return reply;
    };
    Storage storage = this->storage();
    const auto says_so = AllOf(HasSubstr(str_cat("status ", status)),
                               HasSubstr("bucket bucket is not in region us-east-1"));
    EXPECT_THAT(error_of([&] { storage.read("s3://bucket/x"); }), says_so);
    EXPECT_THAT(error_of([&] { storage.look_up("s3://bucket/x"); }), says_so);
    EXPECT_THAT(error_of([&] { storage.write("s3://bucket/x", "y"); }), says_so);
  }
  EXPECT_EQ(strangers, 0) << "X-Amz-Security-Token went there";
}

TEST_F(StorageTest, PasswordsAreInNetrcAndInNoUrl) {
  const test::TemporaryDirectory home;
  variables_ = {{"HOME", home.path().string()}};
  std::string elsewhere = "nothing came";
  test::HttpServer other([&](const HttpMessage& message) -> HttpReply {
    elsewhere = message.header("authorization");
    return {.body = "from elsewhere"};
  });
  test::HttpServer guarded([&](const HttpMessage& message) -> HttpReply {
    // "user:secret"
    if (message.header("authorization") != "Basic dXNlcjpzZWNyZXQ=") return {.status = 401};
    if (message.target == "/away") {
      std::string target = other.url("/x");
      target.replace(target.find("127.0.0.1"), 9, "localhost");
      return {.status = 302, .headers = {{"Location", target}}};
    }
    return {.body = "contents"};
  });
  Storage storage = this->storage();
  EXPECT_THAT(error_of([&] { storage.read(guarded.url("/x")); }),
              AllOf(HasSubstr("status 401"), HasSubstr("~/.netrc may hold it")));
  publish_file(Env::posix(), home / ".netrc", "machine 127.0.0.1 login user password secret\n");
  EXPECT_EQ(storage.read(guarded.url("/x")), "contents");
  EXPECT_EQ(storage.read(guarded.url("/away")), "from elsewhere");
  EXPECT_EQ(elsewhere, "") << "another host's password";
  variables_["NETRC"] = (home / "none").string();
  EXPECT_THAT(error_of([&] { storage.read(guarded.url("/x")); }), HasSubstr("status 401"));

  std::string url = guarded.url("/x");
  url.insert(7, "user:secret@");
  for (const std::string& bad : {url, std::string("s3://user:secret@bucket/x")}) {
    const auto refused =
        AllOf(HasSubstr("expected a URL without user:password@"), Not(HasSubstr("secret")));
    EXPECT_THAT(error_of([&] { storage.read(bad); }), refused);
    EXPECT_THAT(error_of([&] { storage.look_up(bad); }), refused);
    EXPECT_THAT(error_of([&] { storage.read_part(bad, 0, 1); }), refused);
    EXPECT_THAT(error_of([&] { storage.write(bad, ""); }), refused);
  }
}

TEST(StorageOptions, ProcessesWaitForDifferentTimes) {
  EXPECT_NE(storage_options().seed, storage_options().seed);
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
