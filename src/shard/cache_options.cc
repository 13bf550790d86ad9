#include "rexbert/shard/cache_options.h"

#include <cstdlib>
#include <filesystem>

#include "rexbert/core/error.h"
#include "rexbert/net/storage.h"
#include "rexbert/net/url.h"

namespace rexbert::shard {

bool is_stream_url(const std::string& path) { return net::is_url(path); }

std::optional<std::string> stream_url_problem(const std::string& path) {
  return net::is_url(path) ? net::user_problem(path) : std::nullopt;
}

std::string CacheOptions::resolved_directory() const {
  namespace fs = std::filesystem;
  if (!directory.empty()) return directory;
  const auto folder = [](const char* name) {
    const char* const value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  fs::path root = folder("XDG_CACHE_HOME");
  if (root.empty() && !folder("HOME").empty()) root = folder("HOME") / ".cache";
  if (root.empty()) {
    throw Error(ErrorCode::kConfig,
                "cache.directory: missing, and neither XDG_CACHE_HOME nor HOME says where to keep "
                "shards");
  }
  return (root / "rexbert" / "shards").string();
}

void describe(config::Schema<CacheOptions>& schema) {
  schema.field("directory", &CacheOptions::directory)
      .doc(
          "Local folder that fetched shards are kept in; ranks, runs and streams may share it. "
          "Empty: rexbert/shards in $XDG_CACHE_HOME, else in ~/.cache.");
  schema.field("limit", &CacheOptions::limit)
      .doc(
          "Of all shards in the folder: the ones used longest ago go first, those in use stay. "
          "Should hold the windows of all lanes on the machine, and what they look ahead.")
      .unit("bytes")
      .cost("disk")
      .bytes()
      .min(1);
  schema.field("downloads", &CacheOptions::downloads)
      .doc("Shards that a process fetches ahead at the same time.")
      .cost("8 MiB of memory each")
      .min(1)
      .max(256);
}

}  // namespace rexbert::shard
