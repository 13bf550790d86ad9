#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "rexbert/core/env.h"
#include "rexbert/net/storage.h"

namespace rexbert::net {

// Reads paths that are URLs (http, https, s3), and hands everything else on to `base`.
//
// A file is read by ranges of `read_ahead` bytes, so the server must answer ranges, and HEAD with
// the length; one that is mapped is read into memory. A file that changes while it is read (another
// length, ETag or Last-Modified) is Error(kIo). Redirects, retries and time limits are the
// client's.
class WebEnv final : public EnvWrapper {
 public:
  explicit WebEnv(Env& base, Options options = {}, uint64_t read_ahead = uint64_t{8} << 20,
                  Clock& clock = Clock::steady())
      : EnvWrapper(base), storage_(std::move(options), clock, base), read_ahead_(read_ahead) {}

  std::unique_ptr<RandomAccessFile> open_file(const fs::path& path) override;
  std::unique_ptr<MappedFile> map_file(const fs::path& path) override;
  std::string read_file(const fs::path& path) override;
  bool exists(const fs::path& path) override;
  bool is_directory(const fs::path& path) override;
  uint64_t file_size(const fs::path& path) override;

 private:
  class File;

  // Asked for once.
  ObjectInfo look_up(const std::string& url);

  Storage storage_;
  uint64_t read_ahead_;
  std::mutex mutex_;
  std::map<std::string, ObjectInfo> objects_;
};

}  // namespace rexbert::net
