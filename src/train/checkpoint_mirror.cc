#include "rexbert/train/checkpoint_mirror.h"

#include <utility>

#include "rexbert/ckpt/manifest.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/download.h"

namespace rexbert::train {
namespace {

constexpr std::string_view kLatest = "latest";

std::string manifest_name() { return std::string(ckpt::kManifestFile); }

}  // namespace

CheckpointMirror::CheckpointMirror(Env& env, std::string url, net::Options http, Clock& clock)
    : env_(env), url_(std::move(url)), storage_(std::move(http), clock, env) {
  net::parse_s3_url(url_);
  thread_ = std::thread([this] { run(); });
}

CheckpointMirror::~CheckpointMirror() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void CheckpointMirror::add(fs::path folder) {
  const std::scoped_lock lock(mutex_);
  waiting_ = std::move(folder);
  changed_.notify_all();
}

bool CheckpointMirror::needs(const fs::path& folder) const {
  const std::scoped_lock lock(mutex_);
  return waiting_ == folder || copying_ == folder;
}

void CheckpointMirror::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !waiting_ && !copying_; });
}

void CheckpointMirror::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || waiting_; });
    if (!waiting_) return;
    const fs::path folder = *std::exchange(waiting_, std::nullopt);
    copying_ = folder;
    lock.unlock();
    try {
      copy(folder);
      log::info(str_cat("checkpoint ", folder.string(), " is copied to ", url_));
    } catch (const std::exception& error) {
      log::warning(str_cat("checkpoint ", folder.string(), " could not be copied to ", url_, ": ",
                           error.what(), "; the next one will be tried"));
    }
    lock.lock();
    copying_.reset();
    changed_.notify_all();
  }
}

void CheckpointMirror::copy(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const std::string target = shard::url_of(url_, name);
  const ckpt::Manifest manifest = ckpt::Manifest::load(env_, folder);
  for (const auto& [file, entry] : manifest.files) {
    storage_.write(shard::url_of(target, file), env_.map_file(folder / file)->data());
  }
  storage_.write(shard::url_of(target, manifest_name()),
                 env_.read_file(folder / ckpt::kManifestFile));
  storage_.write(shard::url_of(url_, std::string(kLatest)), name + "\n");
}

std::optional<fs::path> restore_checkpoint(Env& env, const std::string& url,
                                           const fs::path& directory, const net::Options& http,
                                           Clock& clock) {
  net::Storage storage(http, clock, env);
  const std::string latest = shard::url_of(url, std::string(kLatest));
  if (!storage.look_up(latest)) return std::nullopt;
  const std::string name(str_trim(storage.read(latest)));
  if (name.empty() || name.find('/') != std::string::npos || name.front() == '.') {
    throw Error(ErrorCode::kCorrupt,
                str_cat(latest, ": expected the name of a checkpoint, got ", str_quote(name)));
  }
  const std::string source = shard::url_of(url, name);
  log::info(str_cat("fetching the checkpoint ", source));
  const fs::path staging = directory / (".fetching-" + name);
  env.create_directories(staging);
  write_synced_file(env, staging / ckpt::kManifestFile,
                    storage.read(shard::url_of(source, manifest_name())));
  const ckpt::Manifest manifest = ckpt::Manifest::load(env, staging);
  for (const auto& [file, entry] : manifest.files) {
    shard::check_basename(file, manifest_name());
    shard::FileInfo info{file, entry.bytes, {{"xxh3_128", entry.xxh3_128}}};
    const fs::path path = staging / file;
    if (shard::is_whole(env, path, info)) continue;
    env.create_directories(path.parent_path());
    shard::download_and_publish(storage, shard::url_of(source, file), info, env, path);
  }
  publish_directory(env, staging, directory / name);
  publish_file(env, directory / kLatest, name + "\n");
  return directory / name;
}

}  // namespace rexbert::train
