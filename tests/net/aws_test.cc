#include "rexbert/net/aws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "rexbert/core/strings.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::net {
namespace {

using test::error_of;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class AwsAccountTest : public ::testing::Test {
 protected:
  AwsAccountTest() {
    fs::create_directories(home_ / ".aws");
    variables_["HOME"] = home_.path().string();
  }

  void write(const char* name, std::string_view text) {
    publish_file(Env::posix(), home_ / ".aws" / name, text);
  }

  AwsAccount load() {
    return load_aws_account(Env::posix(), [this](const char* name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::string() : found->second;
    });
  }

  test::TemporaryDirectory home_;
  std::map<std::string, std::string> variables_;
};

TEST_F(AwsAccountTest, WithoutAnythingRequestsAreNotSigned) {
  EXPECT_EQ(load(), AwsAccount());
  EXPECT_EQ(load().region, "us-east-1");
}

TEST_F(AwsAccountTest, AnEndpointHoldsNoPassword) {
  variables_["AWS_ENDPOINT_URL"] = "http://user:secret@127.0.0.1:9000";
  EXPECT_THAT(error_of([&] { load(); }),
              AllOf(HasSubstr("AWS_ENDPOINT_URL: expected a URL without user:password@"),
                    Not(HasSubstr("secret"))));
}

TEST_F(AwsAccountTest, VariablesComeBeforeProfiles) {
  write("credentials",
        "# keys\n[default]\naws_access_key_id = FILE\naws_secret_access_key=filesecret\n"
        "aws_session_token = filetoken\n\n[other]\naws_access_key_id = OTHER\n"
        "aws_secret_access_key = othersecret\n");
  write("config",
        "[default]\nregion = eu-west-1\ns3 =\n  addressing_style = path\n"
        "[profile other]\nregion = ap-south-1\nendpoint_url = http://127.0.0.1:9000/\n");
  AwsAccount account = load();
  EXPECT_EQ(account.access_key, "FILE");
  EXPECT_EQ(account.secret_key, "filesecret");
  EXPECT_EQ(account.session_token, "filetoken");
  EXPECT_EQ(account.region, "eu-west-1");
  EXPECT_THAT(account.source, AllOf(HasSubstr("profile default of "), HasSubstr("credentials")));

  variables_["AWS_PROFILE"] = "other";
  account = load();
  EXPECT_EQ(account.access_key, "OTHER");
  EXPECT_EQ(account.session_token, "");
  EXPECT_EQ(account.region, "ap-south-1");
  EXPECT_EQ(account.endpoint, "http://127.0.0.1:9000");

  variables_["AWS_ACCESS_KEY_ID"] = "VARIABLE";
  variables_["AWS_SECRET_ACCESS_KEY"] = "secret";
  variables_["AWS_REGION"] = "us-west-2";
  variables_["AWS_ENDPOINT_URL_S3"] = "https://storage.example";
  account = load();
  EXPECT_EQ(account.access_key, "VARIABLE");
  EXPECT_EQ(account.source, "the environment");
  EXPECT_EQ(account.region, "us-west-2");
  EXPECT_EQ(account.endpoint, "https://storage.example");
}

TEST_F(AwsAccountTest, HalfAnAccountAndUnknownProfilesAreErrors) {
  variables_["AWS_ACCESS_KEY_ID"] = "ONE";
  EXPECT_THAT(error_of([&] { load(); }),
              HasSubstr("expected an access key and a secret key, got the access key alone"));
  variables_.erase("AWS_ACCESS_KEY_ID");
  variables_["AWS_PROFILE"] = "nobody";
  EXPECT_THAT(error_of([&] { load(); }),
              AllOf(HasSubstr("AWS_PROFILE: expected a profile of"), HasSubstr("got \"nobody\"")));
  variables_.erase("AWS_PROFILE");
  write("credentials", "[default]\nnonsense\n");
  EXPECT_THAT(error_of([&] { load(); }), HasSubstr("credentials:2: expected [section] or key"));
}

TEST(S3Url, NamesBucketAndKey) {
  const S3Location location = parse_s3_url("s3://bucket/a/b c+\u00e9.mds");
  EXPECT_EQ(location.bucket, "bucket");
  EXPECT_EQ(location.key, "a/b c+\u00e9.mds");
  AwsAccount account;
  account.region = "eu-west-1";
  EXPECT_EQ(s3_http_url(location, account),
            "https://bucket.s3.eu-west-1.amazonaws.com/a/b%20c%2B%C3%A9.mds");
  EXPECT_EQ(s3_http_url({"my.bucket", "k"}, account),
            "https://s3.eu-west-1.amazonaws.com/my.bucket/k");
  account.region = "cn-north-1";
  EXPECT_EQ(s3_http_url({"b", "k"}, account), "https://b.s3.cn-north-1.amazonaws.com.cn/k");
  account.endpoint = "http://127.0.0.1:9000";
  EXPECT_EQ(s3_http_url({"b", "k"}, account), "http://127.0.0.1:9000/b/k");
  for (const char* bad : {"s3://", "s3:///key", "http://bucket/key", "s3://a?b/key"}) {
    EXPECT_THAT(error_of([&] { parse_s3_url(bad); }), HasSubstr("expected s3://bucket/key")) << bad;
  }
}

TEST(S3Errors, SayWhatToDo) {
  AwsAccount account;
  account.access_key = "AKID";
  account.source = "the environment";
  const S3Location location{"bucket", "key"};
  const auto advice = [&](int status, const S3Error& error) {
    return s3_advice(status, error, location, account);
  };
  EXPECT_THAT(advice(404, {"NoSuchBucket"}), HasSubstr("there is no bucket bucket at AWS"));
  EXPECT_THAT(advice(400, {"AuthorizationHeaderMalformed", "", "eu-west-1"}),
              HasSubstr("not in region us-east-1: set AWS_REGION=eu-west-1"));
  EXPECT_THAT(advice(400, {"ExpiredToken"}), HasSubstr("get new credentials"));
  EXPECT_THAT(advice(403, {"InvalidAccessKeyId"}), HasSubstr("access key AKID of the environment"));
  EXPECT_THAT(advice(403, {"SignatureDoesNotMatch"}), HasSubstr("AWS_SECRET_ACCESS_KEY"));
  EXPECT_THAT(advice(403, {"RequestTimeTooSkewed"}), HasSubstr("clock"));
  EXPECT_THAT(advice(403, {"AccessDenied"}),
              AllOf(HasSubstr("whoever owns bucket bucket"), HasSubstr("s3:ListBucket")));
  for (const int moved : {301, 302, 307, 308}) {
    EXPECT_THAT(advice(moved, {}), HasSubstr("not in region us-east-1: set AWS_REGION")) << moved;
  }
  EXPECT_EQ(advice(404, {"NoSuchKey"}), "");
  account.access_key.clear();
  EXPECT_THAT(advice(403, {"AccessDenied"}), HasSubstr("no credentials were found"));
  EXPECT_EQ(parse_s3_error("<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region "
                           "'x' is wrong; expecting 'eu-north-1'</Message></Error>")
                .region,
            "eu-north-1");
}

}  // namespace
}  // namespace rexbert::net
