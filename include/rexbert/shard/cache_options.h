#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rexbert/config/schema.h"

namespace rexbert::shard {

// True for the URL of a stream: s3://, http:// or https://.
bool is_stream_url(const std::string& path);
// What is wrong with such a URL: it holds user:password@, which the text leaves out.
std::optional<std::string> stream_url_problem(const std::string& path);

// The block `cache:` of a stream behind a URL.
struct CacheOptions {
  // Default empty: rexbert/shards in $XDG_CACHE_HOME, else in ~/.cache. A local folder, which
  // ranks, runs and streams may share.
  std::string directory = {};
  // Default 64 GiB. Of all shards in the folder. Those in use stay, even where it is passed.
  int64_t limit = int64_t{64} << 30;
  // Default 8. Shards that a process fetches at the same time, those it waits for not counted.
  int32_t downloads = 8;

  // The folder, with the default filled in.
  std::string resolved_directory() const;
};

void describe(config::Schema<CacheOptions>& schema);

}  // namespace rexbert::shard
