#include "rexbert/shard/sync.h"

#include <mutex>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/cache_options.h"
#include "rexbert/shard/download.h"
#include "rexbert/shard/shard_index.h"
#include "rexbert/shard/stream_info.h"
#include "shard/parallel.h"
#include "shard/remote_index.h"
#include "shard/shard_files.h"

namespace rexbert::shard {
namespace {

// Copies the index's files by `copy(file)`, which says whether it had to.
SyncReport copy_files(const Index& index, const SyncOptions& options,
                      const std::function<bool(const FileInfo&)>& copy) {
  std::mutex mutex;
  SyncReport report;
  for_all(options.parallel, index.shards.size(), [&](size_t i) {
    const FileInfo& file = stored_file(index.shards[i]);
    const bool copied = copy(file);
    const std::scoped_lock lock(mutex);
    ++(copied ? report.copied : report.skipped);
    if (copied) report.bytes += file.bytes;
    if (options.progress) options.progress(report.copied + report.skipped, index.shards.size());
  });
  return report;
}

SyncReport pull(Env& env, net::Storage& storage, const std::string& from, const fs::path& to,
                const SyncOptions& options) {
  const RemoteIndex found = read_remote_index(storage, from);
  const Index index = Index::parse(found.index, index_url(from));
  env.create_directories(to);
  const fs::path local_index = to / kIndexFile;
  if (env.exists(local_index) && env.read_file(local_index) != found.index) {
    env.remove_file(local_index);
  }
  const SyncReport report = copy_files(index, options, [&](const FileInfo& file) {
    const fs::path path = to / file.basename;
    if (is_whole(env, path, file)) return false;
    env.create_directories(path.parent_path());
    download_and_publish(storage, url_of(from, file.basename), file, env, path);
    return true;
  });
  if (found.info) publish_file(env, to / kStreamInfoFile, *found.info);
  publish_file(env, local_index, found.index);
  return report;
}

// True when the storage has the file, as far as it tells.
bool is_there(net::Storage& storage, const std::string& url, std::string_view data) {
  const auto object = storage.look_up(url);
  if (!object || object->size != data.size()) return false;
  return object->md5.empty() || object->md5 == hash_hex("md5", data);
}

SyncReport push(Env& env, net::Storage& storage, const fs::path& from, const std::string& to,
                const SyncOptions& options) {
  const Index index = Index::load(env, from);
  const SyncReport report = copy_files(index, options, [&](const FileInfo& file) {
    const auto mapped = map_shard_file(env, from, file);
    const std::string url = url_of(to, file.basename);
    if (is_there(storage, url, mapped->data())) return false;
    const auto problems = hash_problems(mapped->data(), file, (from / file.basename).string());
    if (!problems.empty()) throw Error(ErrorCode::kCorrupt, problems.front());
    storage.write(url, mapped->data());
    return true;
  });
  if (env.exists(from / kStreamInfoFile)) {
    storage.write(info_url(to), env.read_file(from / kStreamInfoFile));
  }
  storage.write(index_url(to), env.read_file(from / kIndexFile));
  return report;
}

}  // namespace

SyncReport sync_stream(Env& env, const std::string& from, const std::string& to,
                       const SyncOptions& options, Clock& clock) {
  for (const std::string& end : {from, to}) {
    if (const auto problem = stream_url_problem(end)) throw Error(ErrorCode::kUsage, *problem);
  }
  if (net::is_url(from) == net::is_url(to)) {
    throw Error(ErrorCode::kUsage,
                str_cat("expected a folder and a URL (s3://, https://, http://), "
                        "got ",
                        from, " and ", to));
  }
  if (net::is_url(to) && !net::is_s3_url(to)) {
    throw Error(ErrorCode::kUsage, str_cat("expected an s3:// URL to write to, got ", to));
  }
  net::Storage storage(options.http, clock, env);
  return net::is_url(from) ? pull(env, storage, from, to, options)
                           : push(env, storage, from, to, options);
}

}  // namespace rexbert::shard
