#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "rexbert/core/env.h"
#include "rexbert/net/http.h"

namespace rexbert::net {

// True for http://... and https://...
bool is_url(const fs::path& path);

// Reads paths that are URLs over HTTP, and hands everything else on to `base`.
//
// A file is read by ranges of `read_ahead` bytes, so the server must answer ranges, and HEAD with
// the length. A file that changes while it is read (another length, ETag or Last-Modified) is
// Error(kIo). Redirects, retries and time limits are the client's.
class WebEnv final : public EnvWrapper {
 public:
  explicit WebEnv(Env& base, Options options = {}, uint64_t read_ahead = uint64_t{8} << 20,
                  Clock& clock = Clock::steady())
      : EnvWrapper(base), client_(std::move(options), clock), read_ahead_(read_ahead) {}

  std::unique_ptr<RandomAccessFile> open_file(const fs::path& path) override;
  std::string read_file(const fs::path& path) override;
  bool exists(const fs::path& path) override;
  bool is_directory(const fs::path& path) override;
  uint64_t file_size(const fs::path& path) override;

 private:
  struct Resource {
    uint64_t size = 0;
    std::string version;  // ETag, else Last-Modified, else empty
  };
  class File;

  // Asked for once.
  Resource look_up(const std::string& url);

  Client client_;
  uint64_t read_ahead_;
  std::mutex mutex_;
  std::map<std::string, Resource> resources_;
};

}  // namespace rexbert::net
