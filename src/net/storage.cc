#include "rexbert/net/storage.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <random>
#include <utility>

#include "net/retry_delay.h"
#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/net/url.h"

namespace rexbert::net {
namespace {

// A few failures in a row are everyday; more are an outage that a user wants to know of.
constexpr int kQuietTries = 4;
constexpr uint64_t kMostAtOnce = uint64_t{5} << 30;

bool is_missing(const Response& response) {
  return response.status == 404 || response.status == 410;
}

std::string version_of(const Response& response) {
  std::string_view version = response.header("etag");
  if (version.empty()) version = response.header("last-modified");
  return std::string(version);
}

std::string md5_of(const Response& response) {
  const std::string_view encryption = response.header("x-amz-server-side-encryption");
  if (!encryption.empty() && encryption != "AES256") return {};
  if (!response.header("x-amz-server-side-encryption-customer-algorithm").empty()) return {};
  const std::string_view tag = response.header("etag");
  constexpr size_t kQuotedMd5 = 34;
  if (tag.size() != kQuotedMd5 || tag.front() != '"' || tag.back() != '"') return {};
  std::string md5(tag.substr(1, kQuotedMd5 - 2));
  for (char& c : md5) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isxdigit(byte) == 0) return {};
    c = static_cast<char>(std::tolower(byte));
  }
  return md5;
}

ObjectInfo describe_object(const Response& response, uint64_t size, const std::string& url) {
  return {size, version_of(response), is_s3_url(url) ? md5_of(response) : std::string()};
}

// That rights lack, not that the keys are wrong.
bool is_forbidden(const Response& response, const std::string& url) {
  if (response.status != 403) return false;
  if (!is_s3_url(url)) return true;
  return parse_s3_error(response.body).code == "AccessDenied";
}

std::string netrc_path(const Environment& environment) {
  if (std::string path = environment("NETRC"); !path.empty()) return path;
  const std::string home = environment("HOME");
  return home.empty() ? std::string() : home + "/.netrc";
}

std::optional<uint64_t> parse_size(std::string_view digits) {
  uint64_t size = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (digits.empty() || problem != std::errc() || end != digits.data() + digits.size()) return {};
  return size;
}

Request signed_request(Request request, const AwsAccount& account) {
  request.headers.push_back({"X-Amz-Content-Sha256", hash_hex("sha256", request.body)});
  if (!account.session_token.empty()) {
    request.headers.push_back({"X-Amz-Security-Token", account.session_token});
  }
  request.signature = AwsSignature{account.region, account.access_key, account.secret_key};
  return request;
}

}  // namespace

bool is_url(const fs::path& path) {
  const std::string& text = path.native();
  return text.starts_with("http://") || text.starts_with("https://") || is_s3_url(text);
}

Options storage_options() {
  Options options;
  options.total_timeout = std::chrono::milliseconds(0);
  options.low_speed_bytes_per_second = 1000;
  options.low_speed_time = std::chrono::seconds(30);
  options.max_attempts = 10;  // 60 to 120 s of waiting
  options.max_retry_after = std::chrono::seconds(60);
  options.max_retry_time = std::chrono::seconds(180);
  std::random_device random;
  options.seed = uint64_t{random()} << 32 | random();
  return options;
}

Storage::Storage(Options options, Clock& clock, Env& env, Environment environment)
    : options_(std::move(options)),
      clock_(clock),
      env_(env),
      environment_(std::move(environment)),
      plain_(options_, clock) {}

AwsAccount Storage::account() {
  const std::scoped_lock lock(mutex_);
  if (!account_) account_ = load_aws_account(env_, environment_);
  return *account_;
}

// True when files or variables say something else by now.
bool Storage::refresh_account(const AwsAccount& used) {
  const std::scoped_lock lock(mutex_);
  account_ = load_aws_account(env_, environment_);
  return *account_ != used;
}

Client& Storage::s3_client(const AwsAccount& account) {
  if (account.ca_file.empty() || !options_.ca_file.empty()) return plain_;
  const std::scoped_lock lock(mutex_);
  if (!s3_) {
    Options options = options_;
    options.ca_file = account.ca_file;
    s3_ = std::make_unique<Client>(std::move(options), clock_);
  }
  return *s3_;
}

Response Storage::send(Request request, const std::string& url) {
  if (const auto problem = user_problem(url)) throw Error(ErrorCode::kUsage, *problem);
  request.on_retry = [&, told = std::move(request.on_retry)](const Retry& retry) {
    if (told) told(retry);
    if (retry.attempt < kQuietTries) return;
    log::warning(str_cat(url, ": ", retry.problem, "; trying again, ", retry.attempt, " of ",
                         options_.max_attempts, " tries are done"));
  };
  if (is_s3_url(url)) return send_s3(request, url);
  request.url = url;
  request.netrc = netrc_path(environment_);
  return plain_.send(request);
}

Response Storage::send_s3(const Request& request, const std::string& url) {
  bool repeated = false;
  while (true) {
    const AwsAccount used = account();
    Response response = send_as(used, request, url);
    if (response.ok()) return response;
    if (request.method == Method::kHead && !is_transient_status(response.status)) {
      Response told = send_as(used, {.range = ByteRange{0, 1}, .on_retry = request.on_retry}, url);
      if (told.ok() && !std::exchange(repeated, true)) continue;
      if (!told.ok()) response = std::move(told);
    }
    const std::string code = parse_s3_error(response.body).code;
    if (code != "ExpiredToken" || !refresh_account(used)) return response;
  }
}

Response Storage::send_as(const AwsAccount& account, Request request, const std::string& url) {
  request.url = s3_http_url(parse_s3_url(url), account);
  if (!account.access_key.empty()) request = signed_request(std::move(request), account);
  return with_context(url, [&] { return s3_client(account).send(request); });
}

void Storage::fail(const Request& request, const Response& response, const std::string& url) {
  if (!is_s3_url(url)) {
    Request named = request;
    named.url = url;
    Error error = status_error(named, response);
    if (response.status != 401 && response.status != 403) throw error;
    throw Error(error.code(), str_cat(error.message(),
                                      ": the server wants a password, or another one: ~/.netrc may "
                                      "hold it: machine HOST login USER password PASSWORD"));
  }
  const AwsAccount used = account();
  const S3Location location = parse_s3_url(url);
  const S3Error error = parse_s3_error(response.body);
  S3Error known = error;
  if (known.region.empty()) known.region = response.header("x-amz-bucket-region");
  if (known.region == used.region) known.region.clear();
  Request named = request;
  named.url = s3_http_url(location, used);
  std::string text = str_cat(describe(named), ": status ", response.status);
  if (response.attempts > 1) text += str_cat(" at attempt ", response.attempts);
  if (!error.code.empty()) text += " " + error.code;
  if (!error.message.empty()) text += ": " + str_quote(error.message, 200);
  const std::string advice = s3_advice(response.status, known, location, used);
  if (!advice.empty()) text += ": " + advice;
  const ErrorCode code = status_error(named, response).code();
  throw Error(code, std::move(text)).add_context(url);
}

std::optional<ObjectInfo> Storage::look_up(const std::string& url, Forbidden forbidden) {
  const Request request{.method = Method::kHead};
  const Response response = send(request, url);
  const bool has_bucket = !is_s3_url(url) || parse_s3_error(response.body).code != "NoSuchBucket";
  if (is_missing(response) && has_bucket) return std::nullopt;
  if (forbidden == Forbidden::kIsAbsent && is_forbidden(response, url)) return std::nullopt;
  if (!response.ok()) fail(request, response, url);
  const auto size = parse_size(response.header("content-length"));
  if (!size) {
    throw Error(ErrorCode::kIo,
                str_cat(url, ": expected a Content-Length in the answer to HEAD, got ",
                        str_quote(response.header("content-length"))));
  }
  return describe_object(response, *size, url);
}

std::string Storage::read(const std::string& url) {
  Response response = send({}, url);
  if (!response.ok()) fail({}, response, url);
  return std::move(response.body);
}

Storage::Part Storage::read_part(const std::string& url, uint64_t offset, uint64_t length,
                                 const std::string& version, const PartWatch& watch) {
  Request request{.range = ByteRange{offset, length}};
  request.on_progress = watch.on_progress;
  if (watch.on_problem) {
    request.on_retry = [&](const Retry& retry) { watch.on_problem(retry.problem); };
  }
  const bool strong = version.starts_with('"');
  if (strong) request.headers.push_back({"If-Match", version});
  Response response = send(request, url);
  const bool changed = response.status == 412;
  if (!changed && !response.ok()) fail(request, response, url);
  Part part{std::move(response.body), describe_object(response, 0, url)};
  if (changed || (!version.empty() && part.object.version != version)) {
    throw ChangedError(str_cat(url, ": expected version ", str_quote(version), ", got ",
                               str_quote(part.object.version), ": it changed while it was read"));
  }
  const std::string_view range = response.header("content-range");
  part.object.size = parse_size(range.substr(range.find('/') + 1)).value_or(0);
  if (part.data.size() != length) {
    throw Error(ErrorCode::kCorrupt,
                str_cat(url, ": offset ", offset, ": expected ", length, " bytes, got ",
                        part.data.size(), " of an object of ", part.object.size));
  }
  return part;
}

void Storage::write(const std::string& url, std::string_view body) {
  if (body.size() > kMostAtOnce) {
    throw Error(ErrorCode::kUsage, str_cat(url, ": expected at most ", kMostAtOnce,
                                           " bytes, as S3 takes at once, got ", body.size()));
  }
  const Request request{.method = Method::kPut,
                        .headers = {{"Content-Type", "application/octet-stream"}},
                        .body = body};
  const Response response = send(request, url);
  if (!response.ok()) fail(request, response, url);
}

}  // namespace rexbert::net
