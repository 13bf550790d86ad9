#include "shard/remote_index.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/download.h"
#include "rexbert/shard/shard_index.h"
#include "rexbert/shard/stream_info.h"

namespace rexbert::shard {

std::string index_url(const std::string& stream) { return url_of(stream, std::string(kIndexFile)); }

std::string info_url(const std::string& stream) {
  return url_of(stream, std::string(kStreamInfoFile));
}

RemoteIndex read_remote_index(net::Storage& storage, const std::string& stream) {
  const std::string url = index_url(stream);
  const auto object = storage.look_up(url);
  if (!object) {
    throw Error(ErrorCode::kNotFound,
                str_cat(url,
                        ": no such object: expected a finished stream of shards, whose index is "
                        "written last"));
  }
  RemoteIndex found{storage.read(url), object->version, std::nullopt};
  const std::string info = info_url(stream);
  if (storage.look_up(info, net::Forbidden::kIsAbsent)) found.info = storage.read(info);
  return found;
}

}  // namespace rexbert::shard
