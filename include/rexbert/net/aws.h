#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "rexbert/core/env.h"

namespace rexbert::net {

// Who signs requests for S3, where to, as the tools of AWS are told it.
struct AwsAccount {
  std::string access_key = {};  // empty: requests are not signed, as for public buckets
  std::string secret_key = {};
  std::string session_token = {};
  std::string region = "us-east-1";
  std::string endpoint = {};    // "http://127.0.0.1:9000"; empty: AWS itself
  std::string ca_file = {};     // PEM certificates to trust
  std::string source = "none";  // where the keys are from, for messages

  bool operator==(const AwsAccount&) const = default;
};

// A variable of the environment; empty where it is not set.
using Environment = std::function<std::string(const char* name)>;
Environment process_environment();

// The account by the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
// AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and AWS_CA_BUNDLE; what
// they do not say, by the profile AWS_PROFILE ("default") of the files AWS_SHARED_CREDENTIALS_FILE
// and AWS_CONFIG_FILE (in ~/.aws: credentials, config). Throws Error(kConfig) for half a pair of
// keys, a profile asked for that is in neither file, a line that is none of such a file, and an
// endpoint that names a user.
AwsAccount load_aws_account(Env& env, const Environment& environment = process_environment());

// s3://bucket/key
struct S3Location {
  std::string bucket;
  std::string key;  // without a leading '/'
};
bool is_s3_url(std::string_view url);
// Throws Error(kUsage) for anything but s3://bucket or s3://bucket/key.
S3Location parse_s3_url(std::string_view url);

// Where the object is by HTTP: https://bucket.s3.region.amazonaws.com/key, or with an endpoint and
// for buckets with a dot, whose name no certificate covers, by path: endpoint/bucket/key.
std::string s3_http_url(const S3Location& location, const AwsAccount& account);

// An S3 server's error as its body says it; empty fields where it does not.
struct S3Error {
  std::string code = {};
  std::string message = {};
  std::string region = {};
};
S3Error parse_s3_error(std::string_view body);

// What a user can do about an error of `status`; empty where there is nothing to say.
std::string s3_advice(int status, const S3Error& error, const S3Location& location,
                      const AwsAccount& account);

}  // namespace rexbert::net
