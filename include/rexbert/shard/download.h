#pragma once

#include <functional>
#include <string>

#include "rexbert/core/env.h"
#include "rexbert/net/storage.h"
#include "rexbert/shard/shard_index.h"

namespace rexbert::shard {

// Where a file lies until it is whole and checked.
fs::path partial_path(const fs::path& path);

// Called with the bytes of a file that are there and the last problem with fetching it, empty where
// there was none; as bytes come, and at least about once a second. May throw to stop.
using DownloadWatch = std::function<void(uint64_t arrived, const std::string& problem)>;

// Brings the file behind `url` to partial_path(path), going on where an earlier call or process
// stopped if the object is still that one, and checks its size and every hash that `file` has, or
// where there is none the MD5 that a plain ETag of S3 is. What is damaged is fetched again; after
// the fourth time it is Error(kCorrupt) with what was expected and found. The caller is alone in
// writing there. What the storage has not is Error(kNotFound).
void download(net::Storage& storage, const std::string& url, const FileInfo& file, Env& env,
              const fs::path& path, const DownloadWatch& watch = {});

// download(), and then the file appears at `path`.
void download_and_publish(net::Storage& storage, const std::string& url, const FileInfo& file,
                          Env& env, const fs::path& path);

// Renames what download() brought to `path`, durably.
void publish_download(Env& env, const fs::path& path);

// True when a local file is what `file` says, by size and hashes.
bool is_whole(Env& env, const fs::path& path, const FileInfo& file);

// "https://host/stream" and "shard.00000.mds" as one URL. Names of an s3:// stream stay as they
// are; those of others are percent-encoded.
std::string url_of(const std::string& stream, const std::string& basename);

}  // namespace rexbert::shard
