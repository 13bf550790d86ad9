#pragma once

#include <optional>
#include <string>

#include "rexbert/net/storage.h"

namespace rexbert::shard {

// What a stream behind a URL says of itself: the contents of its index, and of its sidecar, which
// may lack.
struct RemoteIndex {
  std::string index;
  std::string version;  // of the object that the index is, as net::ObjectInfo has it
  std::optional<std::string> info;
};

std::string index_url(const std::string& stream);
std::string info_url(const std::string& stream);

// Throws Error(kNotFound) where there is no index, and what net::Storage throws.
RemoteIndex read_remote_index(net::Storage& storage, const std::string& stream);

}  // namespace rexbert::shard
