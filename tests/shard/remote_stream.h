#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rexbert/core/strings.h"
#include "rexbert/shard/remote_shards.h"
#include "shard/shard_test_util.h"
#include "support/fake_clock.h"
#include "support/s3_server.h"

namespace rexbert::shard {

// A stream in a folder and, the same, at a server; and a cache.
class RemoteStream {
 public:
  explicit RemoteStream(std::string compression = "", std::vector<std::string> hashes = {"sha1"},
                        size_t shards = 6, uint64_t shard_bytes = 20'000) {
    WriterOptions options;
    options.columns = {{"input_ids", "ndarray:uint16"}};
    options.compression = std::move(compression);
    options.hashes = std::move(hashes);
    options.size_limit = shard_bytes;
    MdsWriter writer(Env::posix(), folder_.path(), options);
    for (uint16_t i = 0; writer.shards().size() < shards; ++i) {
      std::vector<uint16_t> ids(500);
      for (size_t k = 0; k < ids.size(); ++k) {
        ids[k] = static_cast<uint16_t>(i * 7919 + k * (1 + i % 13));
      }
      const std::vector<Value> sample = {tokens_of(ids)};
      writer.write(sample);
    }
    writer.finish();
    index_ = Index::load(Env::posix(), folder_.path());
    for (const auto& [name, contents] : contents_of(folder_.path())) {
      s3_.put("/bucket/train/" + name, contents);
    }
    server_.start(std::ref(s3_));
  }

  const Index& index() const { return index_; }
  const fs::path& folder() const { return folder_.path(); }
  fs::path cache() const { return cache_.path(); }
  test::S3Server& s3() { return s3_; }
  test::HttpServer& server() { return server_; }
  std::string url() const { return server_.url("/bucket/train"); }
  std::string name(size_t shard) const {
    const ShardInfo& info = index_.shards[shard];
    return info.zip_data ? info.zip_data->basename : info.raw_data.basename;
  }
  uint64_t largest() const {
    uint64_t most = 0;
    for (const ShardInfo& info : index_.shards) most = std::max(most, info.stored_bytes());
    return most;
  }

  CacheOptions options(int64_t limit = 1 << 30) const {
    return {.directory = cache_.path().string(), .limit = limit, .downloads = 2};
  }

  std::shared_ptr<RemoteShards> open(Env& env = Env::posix()) { return open(options(), env); }
  std::shared_ptr<RemoteShards> open(const CacheOptions& options, Env& env = Env::posix()) {
    net::Options http = net::storage_options();
    http.seed = 1;
    return RemoteShards::open(env, url(), options, http, clock_);
  }
  // For many threads, which wait for each other.
  std::shared_ptr<RemoteShards> open_in_real_time() {
    return RemoteShards::open(Env::posix(), url(), options());
  }

  // All tokens of a shard.
  static std::vector<int32_t> tokens(const TokenStream& stream, size_t shard) {
    const auto open = stream.open_shard(shard);
    std::vector<int32_t> all;
    for (uint64_t i = 0; i < open->samples(); ++i) {
      all.resize(all.size() + open->length(i));
      open->copy(i, 0, open->length(i), all.data() + all.size() - open->length(i));
    }
    return all;
  }

  std::vector<int32_t> true_tokens(size_t shard) const {
    return tokens(TokenStream::open(Env::posix(), folder_.path()), shard);
  }

  // Names of the whole shards in the cache.
  std::vector<std::string> cached() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(cache_.path())) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(".mds") || name.ends_with(".mds.zstd")) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // Of whole shards and partial ones. What vanishes meanwhile counts as nothing.
  uint64_t bytes_cached() const {
    uint64_t bytes = 0;
    std::error_code gone;
    for (auto it = fs::recursive_directory_iterator(cache_.path(), gone);
         !gone && it != fs::recursive_directory_iterator(); it.increment(gone)) {
      const std::string name = it->path().filename().string();
      if (name.find(".mds") == std::string::npos || name.ends_with(".lock") ||
          name.ends_with(".version"))
        continue;
      std::error_code missing;
      const auto size = it->file_size(missing);
      if (!missing) bytes += size;
    }
    return bytes;
  }

  // The path in the cache of something beside a shard's file: "", ".partial", ".lock".
  fs::path cache_path(size_t shard, const std::string& end = "") const {
    for (const auto& entry : fs::directory_iterator(cache_.path())) {
      if (entry.is_directory()) return entry.path() / (name(shard) + end);
    }
    return cache_.path() / "none";
  }

  test::FakeClock& clock() { return clock_; }

 private:
  TemporaryDirectory folder_;
  TemporaryDirectory cache_;
  Index index_;
  test::S3Server s3_;
  test::HttpServer server_;
  test::FakeClock clock_;
};

}  // namespace rexbert::shard
