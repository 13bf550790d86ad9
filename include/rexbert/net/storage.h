#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "rexbert/core/clock.h"
#include "rexbert/core/env.h"
#include "rexbert/net/aws.h"
#include "rexbert/net/http.h"

namespace rexbert::net {

// True for http://..., https://... and s3://...
bool is_url(const fs::path& path);

// Options for reading and writing large objects: an outage of a minute is waited for, and there is
// no time limit on a whole transfer, but one on a transfer that stands still. A request that never
// succeeds ends within four minutes, so that two of them, one ahead and one that is waited for, end
// before the other ranks give up on this one (distributed.timeout, 10 min). The seed
// is random, so that processes that one outage stopped do not come back in step.
Options storage_options();

struct ObjectInfo {
  uint64_t size = 0;
  std::string version = {};  // ETag, else Last-Modified, else empty
  // Hex digits, where an S3 server says it: by the ETag of what was uploaded at once and is not
  // encrypted with a key of KMS or of the client. Else empty.
  std::string md5 = {};
};

// What an answer "forbidden" is. S3 gives it for an object that is not there to whoever lacks
// s3:ListBucket, and so do web servers in front of a bucket.
enum class Forbidden { kIsAnError, kIsAbsent };

// An object is no longer the one that a reader began with: Error(kIo).
class ChangedError : public Error {
 public:
  explicit ChangedError(std::string message) : Error(ErrorCode::kIo, std::move(message)) {}
};

// What a caller of Storage::read_part() may want to be told.
struct PartWatch {
  std::function<void(uint64_t)> on_progress = {};           // Request::on_progress
  std::function<void(const std::string&)> on_problem = {};  // that of a try which failed
};

// Objects behind URLs: s3:// at any server that speaks S3, http:// and https:// at any server. Safe
// for many threads. The account of s3:// is looked up at its first use, and again where the server
// says that a token has expired. http(s):// sends the host's login of $NETRC or ~/.netrc.
//
// Errors name the URL as the caller writes it and what to do: kNotFound for an object or bucket
// that is not there, kIo for all that the client could not do, keys and rights included, kUsage for
// a URL with user:password@.
class Storage {
 public:
  explicit Storage(Options options = storage_options(), Clock& clock = Clock::steady(),
                   Env& env = Env::posix(), Environment environment = process_environment());

  // Nothing where there is no such object; a missing bucket is Error(kNotFound). kIsAbsent is for
  // objects that may lack beside one that could be read; wrong keys stay an error.
  std::optional<ObjectInfo> look_up(const std::string& url,
                                    Forbidden forbidden = Forbidden::kIsAnError);

  // A whole object that is small, or whose size is not known.
  std::string read(const std::string& url);

  struct Part {
    std::string data;
    ObjectInfo object;
  };
  // Bytes [offset, offset + length), all of them: Error(kCorrupt) where the object ends earlier.
  // Where `version` is not empty, an object of another version is ChangedError.
  Part read_part(const std::string& url, uint64_t offset, uint64_t length,
                 const std::string& version = {}, const PartWatch& watch = {});

  // Creates or replaces the object, which appears as a whole. At most 5 GiB, as S3 takes at once.
  void write(const std::string& url, std::string_view body);

 private:
  AwsAccount account();
  bool refresh_account(const AwsAccount& used);
  Client& s3_client(const AwsAccount& account);
  // The response to `request` for `url`, signed where it is s3://, whatever its status.
  Response send(Request request, const std::string& url);
  // The same for s3://. In the place of a failure of HEAD comes that of GET, whose body says why.
  Response send_s3(const Request& request, const std::string& url);
  Response send_as(const AwsAccount& account, Request request, const std::string& url);
  // The error that `response` is, with what the server says of it.
  [[noreturn]] void fail(const Request& request, const Response& response, const std::string& url);

  Options options_;
  Clock& clock_;
  Env& env_;
  Environment environment_;
  Client plain_;
  std::mutex mutex_;
  std::optional<AwsAccount> account_;
  std::unique_ptr<Client> s3_;
};

}  // namespace rexbert::net
