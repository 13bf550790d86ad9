#include "rexbert/shard/remote_shards.h"

#include <unistd.h>

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
#include "shard/remote_index.h"
#include "shard/shard_cache.h"
#include "shard/shard_files.h"

namespace rexbert::shard {
namespace {

constexpr uint64_t kFrontBytes = 256 << 10;
constexpr double kLongWaitSeconds = 5;

// The same as `base` until stop(), from which on every wait throws.
class StoppableClock final : public Clock {
 public:
  explicit StoppableClock(Clock& base) : base_(base) {}

  void stop() {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  TimePoint now() override { return base_.now(); }

  void sleep_until(TimePoint time) override {
    if (&base_ != &Clock::steady()) base_.sleep_until(time);
    std::unique_lock lock(mutex_);
    const bool real = &base_ == &Clock::steady();
    if (real) changed_.wait_until(lock, time, [this] { return stopped_; });
    if (stopped_) throw Error(ErrorCode::kInterrupted, "the stream was closed");
  }

 private:
  Clock& base_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

// Reads an object whose size is known by ranges of kFrontBytes, from the front.
class FrontFile final : public RandomAccessFile {
 public:
  FrontFile(net::Storage& storage, std::string url, uint64_t size)
      : storage_(storage), url_(std::move(url)), size_(size) {}

  uint64_t size() const override { return size_; }

  void read(uint64_t offset, size_t length, char* out) const override {
    while (front_.size() < offset + length) {
      const uint64_t at = front_.size();
      if (at >= size_) throw_at(url_, at, "expected more data, got the end");
      front_ += storage_.read_part(url_, at, std::min(kFrontBytes, size_ - at)).data;
    }
    front_.copy(out, length, offset);
  }

 private:
  net::Storage& storage_;
  std::string url_;
  uint64_t size_;
  mutable std::string front_;
};

// The stream's one compressed or raw file as if it lay in a folder.
class FrontEnv final : public EnvWrapper {
 public:
  FrontEnv(Env& base, net::Storage& storage, const std::string& url, const FileInfo& file)
      : EnvWrapper(base), storage_(storage), url_(url), file_(file) {}

  bool exists(const fs::path& path) override { return path == file_.basename; }
  std::unique_ptr<RandomAccessFile> open_file(const fs::path&) override {
    return std::make_unique<FrontFile>(storage_, url_, file_.bytes);
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
};

const FileInfo& stored_file(const ShardInfo& info) {
  return info.zip_data ? *info.zip_data : info.raw_data;
}

// "0123456789abcdef-train": another index at the same place is another stream.
std::string folder_name(const std::string& url, std::string_view index_text) {
  std::string name = url.substr(url.rfind('/') + 1);
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0 && c != '-' && c != '.' && c != '_') c = '_';
  }
  return str_printf("%016llx-", static_cast<unsigned long long>(hash64(index_text, hash64(url)))) +
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
        background_clock_(clock),
        storage_(http, clock, env),
        background_storage_(http, background_clock_, env),
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
    const std::string folder = folder_name(url_, found.index);
    cache_ = std::make_unique<ShardCache>(env, options, folder, ShardCache::Purpose::kNow, clock);
    background_cache_ = std::make_unique<ShardCache>(
        env, options, folder, ShardCache::Purpose::kAhead, background_clock_);
  }

  ~Impl() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
      wanted_.notify_all();
    }
    background_clock_.stop();
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

  Held hold(size_t shard) {
    const FileInfo& file = stored_file(index_.shards.at(shard));
    if (auto held = hold_file(cache_->path(file.basename))) {
      return {cache_->folder(), std::move(held)};
    }
    const Clock::TimePoint start = clock_.now();
    Held held{cache_->folder(), fetch(*cache_, storage_, file)};
    note_wait(std::chrono::duration<double>(clock_.now() - start).count(), file);
    return held;
  }

  void discard(size_t shard) {
    remove_if_idle(cache_->path(stored_file(index_.shards.at(shard)).basename));
  }

  void prefetch(const std::vector<size_t>& shards) {
    const std::scoped_lock lock(mutex_);
    for (const size_t shard : shards) {
      if (!queued_.insert(shard).second) continue;
      queue_.push_back(shard);
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
      offsets_hashes_[shard] = hash64(table);
    }
    std::vector<uint32_t> offsets(info.samples + 1);
    table.copy(reinterpret_cast<char*>(offsets.data()), 4 * offsets.size(), 4);
    return offsets;
  }

  void check_offsets(size_t shard, std::string_view data) {
    const ShardInfo& info = index_.shards.at(shard);
    {
      const std::scoped_lock lock(mutex_);
      const auto told = offsets_hashes_.find(shard);
      if (told == offsets_hashes_.end()) return;
      if (told->second == hash64(data.substr(0, offset_table_bytes(info.samples)))) return;
    }
    const fs::path path = offsets_path(info);
    if (env_.exists(path)) env_.remove_file(path);
    throw Error(ErrorCode::kIncompatible,
                str_cat(url_of(url_, stored_file(info).basename),
                        ": expected the offset table that was fetched before the shard, got "
                        "another: that one was damaged on its way, and is removed from the cache; "
                        "start again"));
  }

  Traffic traffic() const {
    const std::scoped_lock lock(mutex_);
    return traffic_;
  }

 private:
  std::shared_ptr<const void> fetch(ShardCache& cache, net::Storage& storage,
                                    const FileInfo& file) {
    bool fetched = false;
    const std::string url = url_of(url_, file.basename);
    auto held = cache.hold(
        file.basename, file.bytes, [&](const fs::path& path) { bring(storage, url, file, path); },
        &fetched);
    if (fetched) {
      const std::scoped_lock lock(mutex_);
      ++traffic_.shards;
      traffic_.bytes += file.bytes;
    }
    return held;
  }

  void bring(net::Storage& storage, const std::string& url, const FileInfo& file,
             const fs::path& path) {
    try {
      download(storage, url, file, env_, path);
    } catch (Error& error) {
      if (error.code() == ErrorCode::kNotFound) {
        error.add_context(str_cat(url,
                                  ": the index lists this shard, and the storage has none: "
                                  "bring it there again by `rexbert shards sync`"));
      }
      throw;
    }
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

  void fetch_queued() {
    std::unique_lock lock(mutex_);
    while (true) {
      wanted_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      const size_t shard = queue_.front();
      queue_.pop_front();
      lock.unlock();
      try {
        fetch(*background_cache_, background_storage_, stored_file(index_.shards.at(shard)));
      } catch (const std::exception& error) {
        log::debug(str_cat("looking ahead: ", error.what()));  // told by hold()
      }
      lock.lock();
      queued_.erase(shard);
    }
  }

  fs::path offsets_path(const ShardInfo& info) const {
    return cache_->path(stored_file(info).basename + ".offsets");
  }

  void fetch_all_offsets() {
    std::atomic<size_t> next = 0;
    std::exception_ptr failure;
    const auto work = [&] {
      try {
        for (size_t i = next++; i < index_.shards.size(); i = next++) {
          fetch_offsets(index_.shards[i]);
        }
      } catch (...) {
        next = index_.shards.size();
        const std::scoped_lock lock(mutex_);
        if (!failure) failure = std::current_exception();
      }
    };
    std::vector<std::thread> helpers;
    for (int32_t i = 1; i < downloads_; ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
    if (failure) std::rethrow_exception(failure);
  }

  void fetch_offsets(const ShardInfo& info) {
    const fs::path path = offsets_path(info);
    if (env_.exists(path)) return;
    if (path.parent_path() != cache_->folder()) env_.create_directories(path.parent_path());
    const FileInfo& file = stored_file(info);
    const std::string url = url_of(url_, file.basename);
    FrontEnv front(env_, storage_, url, file);
    const auto offsets = with_context(url, [&] { return read_offsets(front, "", info); });
    std::string table(4, '\0');
    const auto samples = static_cast<uint32_t>(info.samples);
    table.assign(reinterpret_cast<const char*>(&samples), 4);
    table.append(reinterpret_cast<const char*>(offsets.data()), 4 * offsets.size());
    // Another process may be writing the same.
    const fs::path aside = str_cat(path.string(), ".", ::getpid(), "-", next_aside_++, ".offsets");
    write_synced_file(env_, aside, table);
    env_.rename(aside, path);
  }

  Env& env_;
  std::string url_;
  Clock& clock_;
  StoppableClock background_clock_;
  net::Storage storage_;
  net::Storage background_storage_;
  int32_t downloads_;
  Index index_;
  std::optional<StreamInfo> info_;
  std::unique_ptr<ShardCache> cache_;
  std::unique_ptr<ShardCache> background_cache_;
  std::once_flag offsets_once_;
  std::atomic<int> next_aside_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable wanted_;
  bool stopping_ = false;
  std::deque<size_t> queue_;
  std::set<size_t> queued_;  // or being fetched
  Traffic traffic_;
  std::map<size_t, uint64_t> offsets_hashes_;  // of what offsets() returned
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
RemoteShards::Held RemoteShards::hold(size_t shard) {
  return impl_->naming(shard, [&] { return impl_->hold(shard); });
}
void RemoteShards::discard(size_t shard) { impl_->discard(shard); }
void RemoteShards::prefetch(const std::vector<size_t>& shards) { impl_->prefetch(shards); }
std::vector<uint32_t> RemoteShards::offsets(size_t shard) {
  return impl_->naming(shard, [&] { return impl_->offsets(shard); });
}
void RemoteShards::check_offsets(size_t shard, std::string_view data) {
  impl_->check_offsets(shard, data);
}
RemoteShards::Traffic RemoteShards::traffic() const { return impl_->traffic(); }

}  // namespace rexbert::shard
