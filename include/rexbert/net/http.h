#pragma once

// net: one HTTP client.
//
//   Client client;
//   const Response response = client.fetch({.url = "https://example.org/a"});
//
// Labelling and object storage talk through it. It retries what a later try may heal, reuses
// connections, and keeps secrets out of every message.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"

namespace rexbert::net {

enum class Method { kGet, kHead, kPut, kPost, kDelete };

struct Header {
  std::string name;
  std::string value;
};

// Bytes [offset, offset + length) of a resource; length > 0.
struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = 0;
};

// Takes the body of a successful response as it comes, instead of Response::body.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // A body begins: what an earlier try brought is void.
  virtual void begin() = 0;
  virtual void write(std::string_view data) = 0;
};

// Signs a request for S3 (AWS Signature Version 4, by libcurl). The session token is the header
// X-Amz-Security-Token, which is the caller's to send.
struct AwsSignature {
  std::string region;
  std::string access_key;
  std::string secret_key;
};

// A try that failed and is about to be repeated.
struct Retry {
  int attempt = 1;  // which one failed, from 1
  int status = 0;   // 0: the connection failed or broke off
  // The server may have done what was asked: the whole request may have reached it.
  bool reached = false;
  std::string problem = {};
};

struct Request {
  Method method = Method::kGet;
  std::string url = {};  // http or https
  // A header without value is not sent, not even where the client has one of its own.
  std::vector<Header> headers = {};
  std::string_view body = {};           // of PUT and POST; lives until the call returns
  std::optional<ByteRange> range = {};  // of GET
  // No redirect is followed then: it would take X-Amz-Security-Token along.
  std::optional<AwsSignature> signature = {};
  // A file of logins by host, as ~/.netrc is, that may lack; a redirect to another host gets that
  // host's. Empty: none.
  std::string netrc = {};
  BodySink* sink = nullptr;                         // null: the body goes into the response
  std::function<void(const Retry&)> on_retry = {};  // just before the next try; may throw to stop
  // Called with the bytes that this try brought as they come, and at least about once a second,
  // also while nothing comes and between tries. May throw to stop.
  std::function<void(uint64_t)> on_progress = {};
};

struct Response {
  int status = 0;
  std::vector<Header> headers = {};  // of the last response where there were redirects
  std::string body = {};
  int attempts = 1;

  bool ok() const { return status >= 200 && status < 300; }
  // The value of the first header of this name, in any case of letters; empty where there is none.
  std::string_view header(std::string_view name) const;
};

// No response came, however often it was tried: Error(kIo).
class ConnectionError : public Error {
 public:
  ConnectionError(std::string message, bool reached)
      : Error(ErrorCode::kIo, std::move(message)), reached_(reached) {}

  // Of the last try, as Retry::reached of those before.
  bool reached() const { return reached_; }

 private:
  bool reached_;
};

struct Options {
  // Time for the name look-up, the connection and TLS. Default 10 s.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  // Time for one whole try; 0 is no limit, for large bodies. Default 120 s.
  std::chrono::milliseconds total_timeout = std::chrono::seconds(120);
  // A transfer below this rate for this long is broken off; 0 of either is no limit. Default 1 B/s
  // over 60 s. A server that thinks before it answers counts as slow.
  int64_t low_speed_bytes_per_second = 1;
  std::chrono::seconds low_speed_time = std::chrono::seconds(60);
  // Redirects followed; 0 follows none. Default 5. Never from https to http; another host gets
  // neither Authorization nor Cookie.
  int max_redirects = 5;
  // Tries of a request, the first one included. Default 5. What is tried again: failed connections,
  // bodies that break off, time limits, and the statuses 408, 429 and 5xx but 501 and 505. That
  // holds for POST too: see Retry::reached.
  int max_attempts = 5;
  // Before try n + 1 the client waits u * min(max_delay, initial_delay * 2^(n - 1)), with u uniform
  // in [0.5, 1), or longer where the server says so by Retry-After. Default 0.5 s and 30 s.
  std::chrono::milliseconds initial_delay = std::chrono::milliseconds(500);
  std::chrono::milliseconds max_delay = std::chrono::seconds(30);
  // A server that wants a longer wait than this gets no further try. Default 5 min.
  std::chrono::seconds max_retry_after = std::chrono::minutes(5);
  // No try begins later than this after the first one failed; 0 is no limit. Default 0.
  std::chrono::milliseconds max_retry_time = std::chrono::milliseconds(0);
  // Of the delays' u. Default 0.
  uint64_t seed = 0;
  // File of PEM certificates that https trusts instead of the system's. Default empty: what the
  // environment names as the command curl reads it (CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR),
  // else the system's.
  std::string ca_file = {};
  // A body that no sink takes and that is longer is an error. Default 1 GiB.
  uint64_t max_body_bytes = uint64_t{1} << 30;
};

// Safe for many threads: each call uses a connection of its own, and takes one that an earlier call
// left open where there is one. Certificates are verified. The proxy is that of the environment
// (https_proxy, no_proxy, ...).
class Client {
 public:
  explicit Client(Options options = {}, Clock& clock = Clock::steady());
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The response, whatever its status. Throws ConnectionError "GET https://host/path: ..." when
  // none came, Error(kUsage) for a request that cannot be sent, Error(kIo) for a body that is too
  // long and for a range that was not answered with 206 or begins elsewhere. A range may end
  // earlier than asked for, where the resource does.
  Response send(const Request& request);

  // send(); a status other than 2xx is thrown as status_error().
  Response fetch(const Request& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The error that a status is, naming method, URL, status and the start of the body: kNotFound for
// 404 and 410, kCorrupt for 416 (a resource shorter than the range), kIo for all others.
Error status_error(const Request& request, const Response& response);

// For messages: "GET https://host/path?...", without user, password and query.
std::string describe(const Request& request);

// For messages: the start of the body, quoted, without what the request's headers keep secret.
std::string excerpt(const Request& request, std::string_view body);

}  // namespace rexbert::net
