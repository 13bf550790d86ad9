#include "rexbert/train/checkpoint_mirror.h"

#include <utility>

#include "rexbert/ckpt/manifest.h"
#include "rexbert/ckpt/store.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/download.h"

namespace rexbert::train {
namespace {

constexpr std::string_view kLatest = "latest";
constexpr std::string_view kFetching = ".fetching-";

std::string manifest_name() { return std::string(ckpt::kManifestFile); }
std::string latest_url(const std::string& url) { return shard::url_of(url, std::string(kLatest)); }

// The checkpoints that a mirror names, the newest first. With kIsAbsent, none where the keys may
// not see whether there are some.
std::vector<std::string> read_names(net::Storage& storage, const std::string& url,
                                    net::Forbidden forbidden) {
  std::vector<std::string> names;
  if (!storage.look_up(latest_url(url), forbidden)) return names;
  for (const std::string& line : str_split(storage.read(latest_url(url)), '\n')) {
    const std::string name(str_trim(line));
    if (name.empty()) continue;
    if (!ckpt::step_of(name)) {
      throw Error(
          ErrorCode::kCorrupt,
          str_cat(latest_url(url), ": expected the name of a checkpoint, got ", str_quote(name)));
    }
    names.push_back(name);
  }
  return names;
}

std::string text_of(const std::vector<std::string>& names) {
  return names.empty() ? "" : str_join(names, "\n") + "\n";
}

// Those of steps below `step`.
std::vector<std::string> names_before(std::vector<std::string> names, int64_t step) {
  std::erase_if(names, [&](const std::string& name) { return *ckpt::step_of(name) >= step; });
  return names;
}

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
  const std::vector<std::string> there = read_names(storage_, url_, net::Forbidden::kIsAbsent);
  std::vector<std::string> names = names_before(there, ckpt::step_of(name).value());
  if (names.size() < there.size()) write_names(names);
  const ckpt::Manifest manifest = ckpt::Manifest::load(env_, folder);
  for (const auto& [file, entry] : manifest.files) {
    storage_.write(shard::url_of(target, file), env_.map_file(folder / file)->data());
  }
  storage_.write(shard::url_of(target, manifest_name()),
                 env_.read_file(folder / ckpt::kManifestFile));
  names.insert(names.begin(), name);
  write_names(names);
}

void CheckpointMirror::write_names(const std::vector<std::string>& names) {
  storage_.write(latest_url(url_), text_of(names));
}

void rewind_mirror(const std::string& url, int64_t step, const net::Options& http, Clock& clock) {
  net::Storage storage(http, clock);
  const std::vector<std::string> names = read_names(storage, url, net::Forbidden::kIsAbsent);
  const std::vector<std::string> left = names_before(names, step + 1);
  if (left.size() < names.size()) storage.write(latest_url(url), text_of(left));
}

namespace {

fs::path restore(Env& env, net::Storage& storage, const std::string& url, const std::string& name,
                 const fs::path& directory) {
  const std::string source = shard::url_of(url, name);
  log::info(str_cat("fetching the checkpoint ", source));
  const fs::path staging = directory / (std::string(kFetching) + name);
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

// What earlier calls fetched of other checkpoints.
void remove_fetched(Env& env, const fs::path& directory, const std::string& but) {
  if (!env.exists(directory)) return;
  for (const std::string& name : env.list_directory(directory)) {
    if (name.starts_with(kFetching) && name != std::string(kFetching) + but) {
      env.remove_all(directory / name);
    }
  }
}

}  // namespace

std::optional<fs::path> restore_checkpoint(Env& env, const std::string& url,
                                           const fs::path& directory, const net::Options& http,
                                           Clock& clock) {
  net::Storage storage(http, clock, env);
  std::optional<Error> newest_problem;
  for (const std::string& name : read_names(storage, url, net::Forbidden::kIsAnError)) {
    remove_fetched(env, directory, name);
    try {
      return restore(env, storage, url, name, directory);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt && error.code() != ErrorCode::kNotFound) throw;
      log::warning(str_cat(error.what(), "; trying the checkpoint before it"));
      if (!newest_problem) newest_problem = error;
    }
  }
  if (newest_problem) throw *newest_problem;
  return std::nullopt;
}

}  // namespace rexbert::train
