#include "rexbert/shard/sync.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/cache_options.h"
#include "rexbert/shard/download.h"
#include "rexbert/shard/shard_index.h"
#include "rexbert/shard/stream_info.h"
#include "shard/remote_index.h"
#include "shard/shard_files.h"

namespace rexbert::shard {
namespace {

std::vector<FileInfo> stored_files(const Index& index) {
  std::vector<FileInfo> files;
  for (const ShardInfo& info : index.shards) {
    files.push_back(info.zip_data ? *info.zip_data : info.raw_data);
  }
  return files;
}

// Copies files by `copy(file)`, which says whether it had to, with options.parallel threads. The
// first failure ends it.
class Copier {
 public:
  Copier(std::vector<FileInfo> files, const SyncOptions& options)
      : files_(std::move(files)), options_(options) {}

  SyncReport run(const std::function<bool(const FileInfo&)>& copy) {
    std::vector<std::thread> helpers;
    for (int32_t i = 1; i < options_.parallel; ++i) {
      helpers.emplace_back([&] { work(copy); });
    }
    work(copy);
    for (std::thread& helper : helpers) helper.join();
    if (failure_) std::rethrow_exception(failure_);
    return report_;
  }

 private:
  void work(const std::function<bool(const FileInfo&)>& copy) {
    try {
      for (size_t i = next_++; i < files_.size(); i = next_++) note(files_[i], copy(files_[i]));
    } catch (...) {
      next_ = files_.size();
      const std::scoped_lock lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }

  void note(const FileInfo& file, bool copied) {
    const std::scoped_lock lock(mutex_);
    ++(copied ? report_.copied : report_.skipped);
    if (copied) report_.bytes += file.bytes;
    if (options_.progress) options_.progress(report_.copied + report_.skipped, files_.size());
  }

  std::vector<FileInfo> files_;
  const SyncOptions& options_;
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;
  SyncReport report_;
  std::exception_ptr failure_;
};

SyncReport pull(Env& env, net::Storage& storage, const std::string& from, const fs::path& to,
                const SyncOptions& options) {
  const RemoteIndex found = read_remote_index(storage, from);
  const Index index = Index::parse(found.index, index_url(from));
  env.create_directories(to);
  const fs::path local_index = to / kIndexFile;
  if (env.exists(local_index) && env.read_file(local_index) != found.index) {
    env.remove_file(local_index);
  }
  const SyncReport report = Copier(stored_files(index), options).run([&](const FileInfo& file) {
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
  const SyncReport report = Copier(stored_files(index), options).run([&](const FileInfo& file) {
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
