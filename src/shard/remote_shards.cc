#include "rexbert/shard/remote_shards.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/shard/download.h"
#include "rexbert/shard/reader.h"
#include "shard/cache_wait.h"
#include "shard/parallel.h"
#include "shard/remote_index.h"
#include "shard/shard_cache.h"
#include "shard/shard_files.h"

namespace rexbert::shard {
namespace {

constexpr uint64_t kFrontBytes = 256 << 10;  // of a compressed shard, at a time
constexpr int kFrontTries = 4;
constexpr double kLongWaitSeconds = 5;

// Reads an object whose size is known by ranges of `part` bytes, from the front.
class FrontFile final : public RandomAccessFile {
 public:
  FrontFile(net::Storage& storage, std::string url, uint64_t size, uint64_t part)
      : storage_(storage), url_(std::move(url)), size_(size), part_(part) {}

  uint64_t size() const override { return size_; }

  void read(uint64_t offset, size_t length, char* out) const override {
    while (front_.size() < offset + length) {
      const uint64_t at = front_.size();
      if (at >= size_) throw_at(url_, at, "expected more data, got the end");
      front_ += storage_.read_part(url_, at, std::min(part_, size_ - at)).data;
    }
    front_.copy(out, length, offset);
  }

 private:
  net::Storage& storage_;
  std::string url_;
  uint64_t size_;
  uint64_t part_;
  mutable std::string front_;
};

// The stream's one compressed or raw file as if it lay in a folder.
class FrontEnv final : public EnvWrapper {
 public:
  FrontEnv(Env& base, net::Storage& storage, const std::string& url, const ShardInfo& info)
      : EnvWrapper(base),
        storage_(storage),
        url_(url),
        file_(stored_file(info)),
        part_(info.zip_data ? kFrontBytes : offset_table_bytes(info.samples)) {}

  bool exists(const fs::path& path) override { return path == file_.basename; }
  std::unique_ptr<RandomAccessFile> open_file(const fs::path&) override {
    return std::make_unique<FrontFile>(storage_, url_, file_.bytes, part_);
  }
  // For what cannot be read from its front alone.
  std::unique_ptr<MappedFile> map_file(const fs::path&) override {
    return std::make_unique<Whole>(storage_.read(url_));
  }

 private:
  struct Whole final : MappedFile {
    explicit Whole(std::string bytes) : contents(std::move(bytes)) {}
    std::string_view data() const override { return contents; }
    std::string contents;
  };

  net::Storage& storage_;
  const std::string& url_;
  const FileInfo& file_;
  uint64_t part_;
};

bool all_have_hashes(const Index& index) {
  return std::all_of(index.shards.begin(), index.shards.end(),
                     [](const ShardInfo& info) { return !stored_file(info).hashes.empty(); });
}

// "0123456789abcdef-train": another index at the same place is another stream. `version` is empty
// where the index has hashes of all shards, and so says all of what is in them.
std::string folder_name(const std::string& url, std::string_view index_text,
                        std::string_view version) {
  std::string name = url.substr(url.rfind('/') + 1);
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0 && c != '-' && c != '.' && c != '_') c = '_';
  }
  return str_printf("%016llx-", static_cast<unsigned long long>(
                                    hash64(index_text, hash64(version, hash64(url))))) +
         name;
}

}  // namespace

class RemoteShards::Impl {
 public:
  Impl(Env& env, std::string url, const CacheOptions& options, const net::Options& http,
       Clock& clock)
      : env_(env),
        url_(std::move(url)),
        clock_(clock),
        storage_(http, clock, env),
        downloads_(options.downloads) {
    while (url_.ends_with('/')) url_.pop_back();
    const RemoteIndex found = read_remote_index(storage_, url_);
    index_ = Index::parse(found.index, index_url(url_));
    if (found.info) {
      info_ = StreamInfo::parse(*found.info, info_url(url_));
      info_->check_against(index_, info_url(url_));
    }
    for (const ShardInfo& shard : index_.shards) {
      const uint64_t bytes = stored_file(shard).bytes;
      if (bytes <= static_cast<uint64_t>(options.limit)) continue;
      throw Error(ErrorCode::kConfig,
                  str_cat("cache.limit: expected at least ", bytes, " bytes for ",
                          stored_file(shard).basename, " of ", url_, ", got ", options.limit));
    }
    const std::string version = all_have_hashes(index_) ? "" : found.version;
    cache_ =
        std::make_unique<ShardCache>(env, options, folder_name(url_, found.index, version), clock);
  }

  ~Impl() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
      wanted_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  const std::string& url() const { return url_; }
  std::string url(size_t shard) const {
    return url_of(url_, stored_file(index_.shards.at(shard)).basename);
  }

  // An Error that leaves `body`, such as one of the cache, names the URL.
  template <class Body>
  auto naming(size_t shard, Body&& body) {
    try {
      return body();
    } catch (Error& error) {
      const bool named = std::string_view(error.what()).find(url_) != std::string_view::npos;
      if (!named) error.add_context(url(shard));
      throw;
    }
  }

  const Index& index() const { return index_; }
  const std::optional<StreamInfo>& info() const { return info_; }

  Held hold(size_t shard, const std::function<bool()>& stop) {
    const FileInfo& file = stored_file(index_.shards.at(shard));
    const auto ahead = take_ahead(shard);  // until we hold it ourselves
    if (auto held = hold_file(cache_->path(file.basename))) {
      return {cache_->folder(), std::move(held)};
    }
    CacheWait wait = wait_for(file, {.stop = stop});
    std::shared_ptr<const void> held;
    try {
      held = fetch(file, ShardCache::Purpose::kNow, wait);
    } catch (const DiskFullError&) {
      if (!give_up_ahead()) throw;
      held = fetch(file, ShardCache::Purpose::kNow, wait);
    }
    note_wait(wait.seconds(), file);
    return {cache_->folder(), std::move(held)};
  }

  void discard(size_t shard) {
    take_ahead(shard);
    remove_if_idle(cache_->path(stored_file(index_.shards.at(shard)).basename));
  }

  void prefetch(const std::vector<size_t>& shards, int64_t reader) {
    const std::scoped_lock lock(mutex_);
    announced_[reader] = {shards.begin(), shards.end()};
    forget_what_nobody_announces();
    for (const size_t shard : shards) {
      index_.shards.at(shard);
      if (!unopened_.insert(shard).second && ahead_.contains(shard)) continue;
      if (queued_.insert(shard).second) queue_.push_back(shard);
    }
    while (threads_.size() < std::min(static_cast<size_t>(downloads_), queue_.size())) {
      threads_.emplace_back([this] { fetch_queued(); });
    }
    wanted_.notify_all();
  }

  std::vector<uint32_t> offsets(size_t shard) {
    std::call_once(offsets_once_, [this] { fetch_all_offsets(); });
    const ShardInfo& info = index_.shards.at(shard);
    const fs::path path = offsets_path(info);
    const std::string table = env_.read_file(path);
    if (table.size() != offset_table_bytes(info.samples)) {
      throw_at(path.string(), table.size(),
               str_cat("expected ", offset_table_bytes(info.samples), " bytes: remove the file"));
    }
    check_offset_table(table, info, path.string());
    {
      const std::scoped_lock lock(mutex_);
      offset_hashes_[shard] = hash64(table);
    }
    std::vector<uint32_t> offsets(info.samples + 1);
    table.copy(reinterpret_cast<char*>(offsets.data()), 4 * offsets.size(), 4);
    return offsets;
  }

  std::map<size_t, uint64_t> offset_hashes() const {
    const std::scoped_lock lock(mutex_);
    return offset_hashes_;
  }

  void expect_offsets(const std::map<size_t, uint64_t>& hashes) {
    const std::scoped_lock lock(mutex_);
    offset_hashes_ = hashes;
    expects_offsets_ = true;
  }

  void check_offsets(size_t shard, std::string_view data) {
    const ShardInfo& info = index_.shards.at(shard);
    {
      const std::scoped_lock lock(mutex_);
      const auto told = offset_hashes_.find(shard);
      if (told == offset_hashes_.end()) return;
      if (told->second == hash64(data.substr(0, offset_table_bytes(info.samples)))) return;
    }
    const std::string url = url_of(url_, stored_file(info).basename);
    if (expects_offsets_) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat(url,
                          ": expected the offset table that the slices of the checkpoint were "
                          "cut by, got another: the shard was replaced since; put the old one "
                          "back, or begin a run of the new ones"));
    }
    const fs::path path = offsets_path(info);
    if (env_.exists(path)) env_.remove_file(path);
    throw Error(ErrorCode::kIncompatible,
                str_cat(url,
                        ": expected the offset table that was fetched before the shard, got "
                        "another: that one was damaged on its way, and is removed from the "
                        "cache; start again"));
  }

  Traffic traffic() const {
    const std::scoped_lock lock(mutex_);
    return traffic_;
  }

 private:
  CacheWait wait_for(const FileInfo& file, CacheWait::Options options) {
    return {clock_, url_of(url_, file.basename), file.bytes, std::move(options)};
  }

  // Without a warning, and until the stream is closed.
  CacheWait background_wait(const FileInfo& file) {
    return wait_for(file, {.stop = [this] { return stopping_.load(); }, .warn = false});
  }

  std::shared_ptr<const void> fetch(const FileInfo& file, ShardCache::Purpose purpose,
                                    CacheWait& wait) {
    bool fetched = false;
    const auto bring = [&](const fs::path& path, const DownloadWatch& watch) {
      download(storage_, wait.url(), file, env_, path, watch);
    };
    auto held = cache_->hold(file.basename, file.bytes, purpose, wait, bring, &fetched);
    if (fetched) {
      const std::scoped_lock lock(mutex_);
      ++traffic_.shards;
      traffic_.bytes += file.bytes;
    }
    return held;
  }

  void note_wait(double seconds, const FileInfo& file) {
    {
      const std::scoped_lock lock(mutex_);
      traffic_.waited_seconds += seconds;
    }
    if (seconds < kLongWaitSeconds) return;
    log::warning(str_cat(url_, ": waited ", str_printf("%.1f", seconds), " s for ", file.basename,
                         ", ", format_bytes(file.bytes),
                         ": where that happens often, raise the stream's lookahead or "
                         "cache.downloads, or bring the stream here by `rexbert shards sync`"));
  }

  // What was fetched ahead of a shard that is opened now.
  std::shared_ptr<const void> take_ahead(size_t shard) {
    const std::scoped_lock lock(mutex_);
    unopened_.erase(shard);
    const auto found = ahead_.find(shard);
    if (found == ahead_.end()) return nullptr;
    auto held = std::move(found->second);
    ahead_.erase(found);
    return held;
  }

  // Lets what was fetched ahead go, where a shard that is waited for needs the disk. Whether there
  // was anything.
  bool give_up_ahead() {
    const std::scoped_lock lock(mutex_);
    const bool any = !ahead_.empty();
    ahead_.clear();
    return any;
  }

  void forget_what_nobody_announces() {
    std::set<size_t> wanted;
    for (const auto& [reader, shards] : announced_) wanted.insert(shards.begin(), shards.end());
    std::erase_if(unopened_, [&](size_t shard) { return !wanted.contains(shard); });
    std::erase_if(ahead_, [&](const auto& held) { return !wanted.contains(held.first); });
    std::erase_if(queue_, [&](size_t shard) {
      if (wanted.contains(shard)) return false;
      queued_.erase(shard);
      return true;
    });
  }

  void fetch_queued() {
    std::unique_lock lock(mutex_);
    while (true) {
      wanted_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      const size_t shard = queue_.front();
      queue_.pop_front();
      lock.unlock();
      std::shared_ptr<const void> held;
      try {
        const FileInfo& file = stored_file(index_.shards.at(shard));
        CacheWait wait = background_wait(file);
        held = fetch(file, ShardCache::Purpose::kAhead, wait);
      } catch (const std::exception& error) {
        log::debug(str_cat("looking ahead: ", error.what()));  // told by hold()
      }
      lock.lock();
      queued_.erase(shard);
      // Stays until it is opened, or nobody announces it any longer.
      if (held && unopened_.contains(shard)) ahead_[shard] = std::move(held);
    }
  }

  fs::path offsets_path(const ShardInfo& info) const {
    return cache_->path(stored_file(info).basename + ".offsets");
  }

  // Processes share the work: first what nobody fetches, then what others have not brought.
  void fetch_all_offsets() {
    for (const bool waits : {false, true}) {
      for_all(downloads_, index_.shards.size(),
              [&](size_t i) { fetch_offsets(index_.shards[i], waits); });
    }
  }

  void fetch_offsets(const ShardInfo& info, bool waits) {
    const fs::path path = offsets_path(info);
    if (env_.exists(path)) return;
    const FileInfo& file = stored_file(info);
    CacheWait wait = wait_for(file, {.warn = false});
    const auto alone = waits ? cache_->lock_alone(path, wait) : cache_->try_lock_alone(path);
    if (!alone || env_.exists(path)) return;
    const std::vector<uint32_t> offsets = true_offsets(info, wait.url());
    const auto samples = static_cast<uint32_t>(info.samples);
    std::string table(reinterpret_cast<const char*>(&samples), 4);
    table.append(reinterpret_cast<const char*>(offsets.data()), 4 * offsets.size());
    publish_file(env_, path, table);
  }

  // No hash is that of a front, and slices are cut by it before the shard is there: but where TLS
  // guards it, it has to come twice the same.
  std::vector<uint32_t> true_offsets(const ShardInfo& info, const std::string& url) {
    const auto fetch_once = [&] {
      FrontEnv front(env_, storage_, url, info);
      return with_context(url, [&] { return read_offsets(front, "", info); });
    };
    std::optional<std::vector<uint32_t>> before;
    for (int attempt = 1;; ++attempt) {
      try {
        auto offsets = fetch_once();
        if (url.starts_with("https:") || offsets == before) return offsets;
        if (before && attempt >= kFrontTries) {
          throw_at(url, 0, "expected the same offset table each time, got others");
        }
        if (before) log::warning(str_cat(url, ": another offset table each time; once more"));
        before = std::move(offsets);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kCorrupt || attempt >= kFrontTries) throw;
        log::warning(str_cat(error.what(), "; fetching it again"));
      }
    }
  }

  Env& env_;
  std::string url_;
  Clock& clock_;
  net::Storage storage_;
  int32_t downloads_;
  Index index_;
  std::optional<StreamInfo> info_;
  std::unique_ptr<ShardCache> cache_;
  std::once_flag offsets_once_;

  mutable std::mutex mutex_;
  std::condition_variable wanted_;
  std::atomic<bool> stopping_ = false;
  std::map<int64_t, std::set<size_t>> announced_;        // by reader
  std::set<size_t> unopened_;                            // of those
  std::map<size_t, std::shared_ptr<const void>> ahead_;  // of those, the ones that are here
  std::deque<size_t> queue_;
  std::set<size_t> queued_;  // or being fetched
  Traffic traffic_;
  std::map<size_t, uint64_t> offset_hashes_;  // of what offsets() returned, or of expect_offsets()
  bool expects_offsets_ = false;
  std::vector<std::thread> threads_;
};

RemoteShards::RemoteShards(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RemoteShards::~RemoteShards() = default;

std::shared_ptr<RemoteShards> RemoteShards::open(Env& env, const std::string& url,
                                                 const CacheOptions& options,
                                                 const net::Options& http, Clock& clock) {
  return std::shared_ptr<RemoteShards>(
      new RemoteShards(std::make_unique<Impl>(env, url, options, http, clock)));
}

const std::string& RemoteShards::url() const { return impl_->url(); }
std::string RemoteShards::url(size_t shard) const { return impl_->url(shard); }
const Index& RemoteShards::index() const { return impl_->index(); }
const std::optional<StreamInfo>& RemoteShards::info() const { return impl_->info(); }
RemoteShards::Held RemoteShards::hold(size_t shard, const std::function<bool()>& stop) {
  return impl_->naming(shard, [&] { return impl_->hold(shard, stop); });
}
void RemoteShards::discard(size_t shard) { impl_->discard(shard); }
void RemoteShards::prefetch(const std::vector<size_t>& shards, int64_t reader) {
  impl_->prefetch(shards, reader);
}
std::vector<uint32_t> RemoteShards::offsets(size_t shard) {
  return impl_->naming(shard, [&] { return impl_->offsets(shard); });
}
std::map<size_t, uint64_t> RemoteShards::offset_hashes() const { return impl_->offset_hashes(); }
void RemoteShards::expect_offsets(const std::map<size_t, uint64_t>& hashes) {
  impl_->expect_offsets(hashes);
}
void RemoteShards::check_offsets(size_t shard, std::string_view data) {
  impl_->check_offsets(shard, data);
}
RemoteShards::Traffic RemoteShards::traffic() const { return impl_->traffic(); }

}  // namespace rexbert::shard
