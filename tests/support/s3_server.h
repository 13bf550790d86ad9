#pragma once

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "support/http_server.h"

namespace rexbert::test {

inline std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// RFC 2104 over SHA-256; raw bytes.
inline std::string hmac_sha256(std::string key, std::string_view text) {
  key.resize(64, '\0');
  std::string inner = key, outer = key;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  return bytes_of_hex(
      hash_hex("sha256", outer + bytes_of_hex(hash_hex("sha256", inner + std::string(text)))));
}

// The signature that AWS's specification "Signature Version 4" gives a request, worked out from the
// request as it came and from what its Authorization header says of scope and signed headers.
inline std::string aws_signature(const HttpMessage& message, const std::string& secret) {
  const std::string authorization = message.header("authorization");
  const auto field = [&](const std::string& name) {
    const size_t begin = authorization.find(name + "=") + name.size() + 1;
    return authorization.substr(begin, authorization.find(',', begin) - begin);
  };
  const std::vector<std::string> scope = str_split(field("Credential"), '/');
  if (scope.size() != 5) return "no scope";
  std::string canonical = str_cat(message.method, "\n", message.target, "\n\n");
  for (const std::string& name : str_split(field("SignedHeaders"), ';')) {
    canonical += str_cat(name, ":", message.header(name), "\n");
  }
  canonical += str_cat("\n", field("SignedHeaders"), "\n", message.header("x-amz-content-sha256"));
  const std::string to_sign =
      str_cat("AWS4-HMAC-SHA256\n", message.header("x-amz-date"), "\n", scope[1], "/", scope[2],
              "/", scope[3], "/", scope[4], "\n", hash_hex("sha256", canonical));
  std::string key = hmac_sha256("AWS4" + secret, scope[1]);
  for (const size_t part : {2u, 3u, 4u}) key = hmac_sha256(key, scope[part]);
  std::string hex;
  for (const char c : hmac_sha256(key, to_sign)) {
    hex += str_printf("%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return hex;
}

// Objects in memory behind the requests of S3 that we make: GET with ranges and If-Match, HEAD,
// PUT. With a secret it checks signatures.
class S3Server {
 public:
  std::string access_key = "AKIDEXAMPLE";
  std::string secret_key = {};  // empty: everybody may do everything
  std::string session_token = {};
  std::string region = "us-east-1";
  // As for keys without s3:ListBucket: what is not there is forbidden.
  bool hides_missing = false;
  // "AES256" or "aws:kms"; ETags are then as S3's, an MD5 or something like one.
  std::string encryption = {};
  // Called first; a reply that it gives is sent in the place of the true one.
  std::function<std::optional<HttpReply>(const HttpMessage&)> intervene = {};
  // Called with the reply, before it is sent.
  std::function<void(const HttpMessage&, HttpReply&)> damage = {};

  void put(const std::string& path, std::string contents) {
    const std::scoped_lock lock(mutex_);
    objects_[path] = std::move(contents);
  }
  void remove(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    objects_.erase(path);
  }
  std::map<std::string, std::string> objects() const {
    const std::scoped_lock lock(mutex_);
    return objects_;
  }
  // "GET /bucket/key", one for each request.
  std::vector<std::string> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  size_t count(std::string_view part) const {
    const std::vector<std::string> all = requests();
    return static_cast<size_t>(std::count_if(all.begin(), all.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    }));
  }
  void forget_requests() {
    const std::scoped_lock lock(mutex_);
    requests_.clear();
  }

  HttpReply operator()(const HttpMessage& message) {
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(message.method + " " + message.target);
    }
    if (intervene) {
      if (auto reply = intervene(message)) return *reply;
    }
    HttpReply reply = check(message).value_or(HttpReply{0});
    if (reply.status == 0) reply = serve(message);
    if (!encryption.empty()) {
      reply.headers.emplace_back("x-amz-server-side-encryption", encryption);
    }
    if (damage) damage(message, reply);
    return reply;
  }

  static HttpReply error(int status, std::string_view code, std::string_view message,
                         std::string_view more = "") {
    return {status,
            {{"Content-Type", "application/xml"}},
            str_cat("<?xml version=\"1.0\"?><Error><Code>", code, "</Code><Message>", message,
                    "</Message>", more, "</Error>")};
  }

 private:
  std::optional<HttpReply> check(const HttpMessage& message) const {
    if (secret_key.empty()) return {};
    const std::string authorization = message.header("authorization");
    if (authorization.empty()) return error(403, "AccessDenied", "Access Denied");
    if (authorization.find(access_key + "/") == std::string::npos) {
      return error(403, "InvalidAccessKeyId", "The key you provided does not exist");
    }
    if (authorization.find("/" + region + "/s3/aws4_request") == std::string::npos) {
      return error(400, "AuthorizationHeaderMalformed", "the region is wrong",
                   str_cat("<Region>", region, "</Region>"));
    }
    if (message.header("x-amz-security-token") != session_token) {
      return error(400, "ExpiredToken", "The provided token has expired.");
    }
    const std::string ours = "Signature=" + aws_signature(message, secret_key);
    if (authorization.find(ours) == std::string::npos) {
      return error(403, "SignatureDoesNotMatch", "The signature does not match");
    }
    if (message.header("x-amz-content-sha256") != hash_hex("sha256", message.body)) {
      return error(400, "XAmzContentSHA256Mismatch", "The body is not what was signed");
    }
    return {};
  }

  HttpReply serve(const HttpMessage& message) {
    const std::scoped_lock lock(mutex_);
    if (message.method == "PUT") {
      objects_[message.target] = message.body;
      return {200, {{"ETag", etag(message.body)}}};
    }
    const auto found = objects_.find(message.target);
    if (found == objects_.end() && hides_missing)
      return error(403, "AccessDenied", "Access Denied");
    if (found == objects_.end()) {
      const std::string bucket = message.target.substr(0, message.target.find('/', 1) + 1);
      const auto near = objects_.lower_bound(bucket);
      const bool has_bucket = near != objects_.end() && near->first.starts_with(bucket);
      return has_bucket ? error(404, "NoSuchKey", "The specified key does not exist.")
                        : error(404, "NoSuchBucket", "The specified bucket does not exist");
    }
    const std::string& contents = found->second;
    const std::string wanted = message.header("if-match");
    if (!wanted.empty() && wanted != etag(contents)) {
      return error(412, "PreconditionFailed", "the object has changed");
    }
    const std::string range = message.header("range");
    if (range.empty()) return {200, {{"ETag", etag(contents)}}, contents};
    size_t first = 0, last = 0;
    if (std::sscanf(range.c_str(), "bytes=%zu-%zu", &first, &last) != 2 ||
        first >= contents.size()) {
      return error(416, "InvalidRange", "The requested range is not satisfiable");
    }
    HttpReply reply{206, {{"ETag", etag(contents)}}, contents.substr(first, last - first + 1)};
    reply.headers.emplace_back(
        "Content-Range",
        str_cat("bytes ", first, "-", first + reply.body.size() - 1, "/", contents.size()));
    return reply;
  }

  std::string etag(const std::string& contents) const {
    return "\"" + hash_hex("md5", encryption == "aws:kms" ? contents + "?" : contents) + "\"";
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::string> objects_;  // "/bucket/key" -> contents
  std::vector<std::string> requests_;
};

}  // namespace rexbert::test
