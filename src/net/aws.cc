#include "rexbert/net/aws.h"

#include <cctype>
#include <cstdlib>
#include <map>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/net/url.h"

namespace rexbert::net {
namespace {

using Profile = std::map<std::string, std::string>;

// The keys of one section of a file of AWS; nothing where there is no such file or section.
std::optional<Profile> read_profile(Env& env, const fs::path& path, const std::string& section) {
  if (path.empty() || !env.exists(path)) return std::nullopt;
  std::optional<Profile> profile;
  bool inside = false;
  size_t number = 0;
  for (const std::string& raw : str_split(env.read_file(path), '\n')) {
    ++number;
    const std::string_view line = str_trim(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = line == "[" + section + "]";
      if (inside && !profile) profile.emplace();
      continue;
    }
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      throw Error(ErrorCode::kConfig, str_cat(path.string(), ":", number,
                                              ": expected [section] or key = value, got neither"));
    }
    // Lines that are further in belong to a key with keys of its own, such as `s3 =`.
    const bool nested = raw.front() == ' ' || raw.front() == '\t';
    if (!inside || nested) continue;
    (*profile)[std::string(str_trim(line.substr(0, equals)))] =
        std::string(str_trim(line.substr(equals + 1)));
  }
  return profile;
}

fs::path file_of(const Environment& environment, const char* variable, const char* name) {
  if (const std::string path = environment(variable); !path.empty()) return path;
  const std::string home = environment("HOME");
  return home.empty() ? fs::path() : fs::path(home) / ".aws" / name;
}

std::string value_of(const Profile& profile, const char* key) {
  const auto found = profile.find(key);
  return found == profile.end() ? std::string() : found->second;
}

void require_pair(const AwsAccount& account, std::string_view where) {
  if (account.access_key.empty() == account.secret_key.empty()) return;
  throw Error(ErrorCode::kConfig,
              str_cat(where, ": expected an access key and a secret key, got the ",
                      account.access_key.empty() ? "secret" : "access", " key alone"));
}

// The text of the first element of this name.
std::string element(std::string_view xml, std::string_view name) {
  const std::string open = str_cat("<", name, ">");
  const size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const size_t end = xml.find(str_cat("</", name, ">"), begin);
  if (end == std::string_view::npos) return {};
  return std::string(xml.substr(begin + open.size(), end - begin - open.size()));
}

}  // namespace

Environment process_environment() {
  return [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
}

AwsAccount load_aws_account(Env& env, const Environment& environment) {
  const std::string asked = environment("AWS_PROFILE");
  const std::string name = asked.empty() ? "default" : asked;
  const fs::path credentials = file_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const fs::path config = file_of(environment, "AWS_CONFIG_FILE", "config");
  const auto keys = read_profile(env, credentials, name);
  const auto settings = read_profile(env, config, name == "default" ? name : "profile " + name);
  if (!asked.empty() && !keys && !settings) {
    throw Error(ErrorCode::kConfig,
                str_cat("AWS_PROFILE: expected a profile of ", credentials.string(), " or ",
                        config.string(), ", got ", str_quote(asked), ", which neither has"));
  }
  Profile profile = settings.value_or(Profile());
  for (const auto& [key, value] : keys.value_or(Profile())) profile[key] = value;

  AwsAccount account;
  account.access_key = environment("AWS_ACCESS_KEY_ID");
  account.secret_key = environment("AWS_SECRET_ACCESS_KEY");
  require_pair(account, "the environment");
  if (!account.access_key.empty()) {
    account.session_token = environment("AWS_SESSION_TOKEN");
    account.source = "the environment";
  } else {
    account.access_key = value_of(profile, "aws_access_key_id");
    account.secret_key = value_of(profile, "aws_secret_access_key");
    account.session_token = value_of(profile, "aws_session_token");
    require_pair(account, str_cat("profile ", name));
    if (!account.access_key.empty()) {
      account.source = str_cat("profile ", name, " of ", (keys ? credentials : config).string());
    }
  }
  const auto first_of = [&](std::initializer_list<const char*> variables, const char* key,
                            std::string standard) {
    for (const char* variable : variables) {
      if (std::string value = environment(variable); !value.empty()) return value;
    }
    const std::string value = value_of(profile, key);
    return value.empty() ? standard : value;
  };
  account.region = first_of({"AWS_REGION", "AWS_DEFAULT_REGION"}, "region", account.region);
  account.endpoint = first_of({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}, "endpoint_url", "");
  account.ca_file = first_of({"AWS_CA_BUNDLE"}, "ca_bundle", "");
  while (account.endpoint.ends_with('/')) account.endpoint.pop_back();
  if (const auto problem = user_problem(account.endpoint)) {
    throw Error(ErrorCode::kConfig, "AWS_ENDPOINT_URL: " + *problem);
  }
  return account;
}

bool is_s3_url(std::string_view url) { return url.starts_with("s3://"); }

S3Location parse_s3_url(std::string_view url) {
  const auto refuse = [&] {
    throw Error(ErrorCode::kUsage,
                str_cat("expected s3://bucket/key, got ", str_quote(without_user(url))));
  };
  if (!is_s3_url(url)) refuse();
  const std::string_view rest = url.substr(5);
  const std::string_view bucket = rest.substr(0, rest.find('/'));
  for (const char c : bucket) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0 && c != '-' && c != '.' && c != '_') refuse();
  }
  if (bucket.empty()) refuse();
  S3Location location{std::string(bucket), {}};
  if (rest.size() > bucket.size()) location.key = rest.substr(bucket.size() + 1);
  return location;
}

std::string s3_http_url(const S3Location& location, const AwsAccount& account) {
  const std::string key = percent_encoded_path(location.key);
  if (!account.endpoint.empty()) {
    return str_cat(account.endpoint, "/", location.bucket, "/", key);
  }
  const std::string host = str_cat("s3.", account.region, ".amazonaws.com",
                                   account.region.starts_with("cn-") ? ".cn" : "");
  if (location.bucket.find('.') != std::string::npos) {
    return str_cat("https://", host, "/", location.bucket, "/", key);
  }
  return str_cat("https://", location.bucket, ".", host, "/", key);
}

S3Error parse_s3_error(std::string_view body) {
  S3Error error{element(body, "Code"), element(body, "Message"), element(body, "Region")};
  // Some servers say it in the message alone: "...the region 'x' is wrong; expecting 'eu-west-1'".
  constexpr std::string_view kExpecting = "expecting '";
  const size_t at = error.message.find(kExpecting);
  if (error.region.empty() && at != std::string::npos) {
    const std::string_view rest = std::string_view(error.message).substr(at + kExpecting.size());
    error.region = rest.substr(0, rest.find('\''));
  }
  return error;
}

std::string s3_advice(int status, const S3Error& error, const S3Location& location,
                      const AwsAccount& account) {
  const std::string& code = error.code;
  const std::string keys = str_cat("access key ", account.access_key, " of ", account.source);
  if (code == "NoSuchBucket") {
    return str_cat("there is no bucket ", location.bucket, " at ",
                   account.endpoint.empty() ? "AWS" : account.endpoint,
                   ": check its name and AWS_ENDPOINT_URL");
  }
  if (!error.region.empty() || status == 301 || status == 302 || status == 307 || status == 308) {
    return str_cat(
        "bucket ", location.bucket, " is not in region ", account.region, ": set AWS_REGION",
        error.region.empty() ? std::string(" to its region") : "=" + error.region,
        account.endpoint.empty() ? "" : ", or AWS_ENDPOINT_URL to the server that has it");
  }
  if (code == "ExpiredToken" || code == "InvalidToken" || code == "TokenRefreshRequired") {
    return str_cat("the session token of ", account.source,
                   " is no longer valid: get new credentials and start again; a run goes on from "
                   "its last checkpoint");
  }
  if (code == "InvalidAccessKeyId") {
    return str_cat("the server does not know the ", keys,
                   ": check AWS_ACCESS_KEY_ID, AWS_PROFILE and AWS_ENDPOINT_URL");
  }
  if (code == "SignatureDoesNotMatch") {
    return str_cat("the secret key is not that of the ", keys, ": check AWS_SECRET_ACCESS_KEY");
  }
  if (code == "RequestTimeTooSkewed") return "this machine's clock is wrong: set it";
  if (status != 401 && status != 403) return "";
  constexpr std::string_view kMissing =
      "; S3 says the same of an object that is not there to whoever lacks s3:ListBucket";
  if (account.access_key.empty()) {
    return str_cat(
        "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "or AWS_PROFILE",
        kMissing);
  }
  return str_cat("the ", keys, " may not do this: whoever owns bucket ", location.bucket,
                 " has to allow it", kMissing);
}

}  // namespace rexbert::net
