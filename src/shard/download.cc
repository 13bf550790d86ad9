#include "rexbert/shard/download.h"

#include <algorithm>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/net/url.h"
#include "shard/shard_files.h"

namespace rexbert::shard {
namespace {

constexpr uint64_t kPartBytes = uint64_t{8} << 20;
constexpr int kTries = 4;

fs::path version_path(const fs::path& path) { return path.string() + ".version"; }

// One file on its way.
class Download {
 public:
  Download(net::Storage& storage, const std::string& url, const FileInfo& file, Env& env,
           const fs::path& path, const DownloadWatch& watch)
      : storage_(storage),
        url_(url),
        file_(file),
        env_(env),
        watch_(watch),
        partial_(partial_path(path)),
        version_file_(version_path(path)) {}

  void run() {
    for (int attempt = 1;; ++attempt) {
      try {
        fetch_rest();
        check();
        return;
      } catch (Error& error) {
        const bool changed = dynamic_cast<const net::ChangedError*>(&error) != nullptr;
        if (changed || damaged_) start_over();
        const bool may_heal = changed || error.code() == ErrorCode::kCorrupt;
        if (!may_heal || permanent_ || attempt == kTries) {
          if (may_heal && !permanent_) error.add_context(str_cat("fetched ", kTries, " times"));
          throw;
        }
        problem_ = error.what();
        log::warning(str_cat(problem_, "; fetching it again"));
      }
    }
  }

 private:
  // The bytes that are there of the version that version_ is then.
  uint64_t resume() {
    version_.clear();
    if (!env_.exists(partial_) || !env_.exists(version_file_)) return 0;
    version_ = env_.read_file(version_file_);
    const uint64_t size = env_.file_size(partial_);
    if (size <= file_.bytes && !version_.empty()) return size;
    version_.clear();
    return 0;
  }

  void fetch_rest() {
    uint64_t offset = resume();
    auto out = offset > 0 ? env_.new_appendable_file(partial_) : env_.new_writable_file(partial_);
    md5_.clear();
    if (offset == file_.bytes && file_.hashes.empty()) {
      const auto object = storage_.look_up(url_);
      if (object && object->version == version_) md5_ = object->md5;
    }
    while (offset < file_.bytes) {
      const uint64_t length = std::min(kPartBytes, file_.bytes - offset);
      const net::Storage::Part part = read_part(offset, length);
      check_size(part.object.size);
      md5_ = part.object.md5;
      if (version_.empty() && !part.object.version.empty()) {
        version_ = part.object.version;
        write_synced_file(env_, version_file_, version_);
      }
      out->append(part.data);
      offset += length;
    }
    tell(offset);
    out->sync();
    out->close();
  }

  net::Storage::Part read_part(uint64_t offset, uint64_t length) {
    const net::PartWatch watch = {
        .on_progress = [&](uint64_t received) { tell(offset + received); },
        .on_problem = [&](const std::string& problem) { problem_ = problem; }};
    tell(offset);
    try {
      return storage_.read_part(url_, offset, length, version_, watch);
    } catch (Error& error) {
      if (error.code() == ErrorCode::kNotFound) {
        error.add_context(str_cat(url_,
                                  ": the index lists this shard, and the storage has none: "
                                  "bring it there again by `rexbert shards sync`"));
      }
      throw;
    }
  }

  void tell(uint64_t arrived) const {
    if (watch_) watch_(arrived, problem_);
  }

  void check_size(uint64_t size) {
    if (size == 0 || size == file_.bytes) return;
    permanent_ = true;
    throw Error(ErrorCode::kCorrupt,
                str_cat(url_, ": expected ", file_.bytes,
                        " bytes as in the index, got an object "
                        "of ",
                        size, ": the stream there is not the one of its index"));
  }

  void check() {
    const auto mapped = env_.map_file(partial_);
    damaged_ = true;
    if (mapped->data().size() != file_.bytes) {
      throw_at(url_, mapped->data().size(),
               str_cat("expected ", file_.bytes, " bytes, got ", mapped->data().size()));
    }
    const auto problems = hash_problems(mapped->data(), file_, url_);
    if (!problems.empty()) throw Error(ErrorCode::kCorrupt, problems.front());
    if (file_.hashes.empty() && !md5_.empty()) {
      const std::string got = hash_hex("md5", mapped->data());
      if (got != md5_) {
        throw_at(url_, 0, str_cat("expected md5 ", md5_, " as its ETag says, got ", got));
      }
    }
    damaged_ = false;
  }

  void start_over() {
    damaged_ = false;
    for (const fs::path& path : {partial_, version_file_}) {
      if (env_.exists(path)) env_.remove_file(path);
    }
  }

  net::Storage& storage_;
  const std::string& url_;
  const FileInfo& file_;
  Env& env_;
  const DownloadWatch& watch_;
  fs::path partial_;
  fs::path version_file_;
  std::string version_;
  std::string problem_;
  std::string md5_;  // of the object, where the storage says it
  bool damaged_ = false;
  bool permanent_ = false;
};

}  // namespace

fs::path partial_path(const fs::path& path) { return path.string() + ".partial"; }

void download(net::Storage& storage, const std::string& url, const FileInfo& file, Env& env,
              const fs::path& path, const DownloadWatch& watch) {
  Download(storage, url, file, env, path, watch).run();
}

void publish_download(Env& env, const fs::path& path) {
  env.rename(partial_path(path), path);
  env.sync_directory(path.parent_path());
  if (env.exists(version_path(path))) env.remove_file(version_path(path));
}

void download_and_publish(net::Storage& storage, const std::string& url, const FileInfo& file,
                          Env& env, const fs::path& path) {
  download(storage, url, file, env, path);
  publish_download(env, path);
}

bool is_whole(Env& env, const fs::path& path, const FileInfo& file) {
  if (!env.exists(path) || env.file_size(path) != file.bytes) return false;
  if (file.hashes.empty()) return true;
  return hash_problems(env.map_file(path)->data(), file, path.string()).empty();
}

std::string url_of(const std::string& stream, const std::string& basename) {
  std::string url = stream;
  while (url.ends_with('/')) url.pop_back();
  url += '/';
  return url + (net::is_s3_url(url) ? basename : net::percent_encoded_path(basename));
}

}  // namespace rexbert::shard
