#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <future>
#include <set>
#include <thread>

#include "rexbert/core/log.h"
#include "shard/cache_files.h"
#include "shard/remote_stream.h"
#include "shard/shard_cache.h"

namespace rexbert::shard {
namespace {

using test::HttpMessage;
using test::HttpReply;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

bool is_shard(const HttpMessage& message) {
  return message.target.find("shard.") != std::string::npos;
}

template <class Condition>
void spin_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

// What is logged while the object lives.
class Log {
 public:
  Log() { log::open_log_file(path()); }
  std::string text() const { return read_all(path()); }

 private:
  fs::path path() const { return folder_.path() / "log.txt"; }
  TemporaryDirectory folder_;
};

TEST(CacheFaults, FilesThatAreNotTheCachesStay) {
  RemoteStream remote;
  const std::vector<std::string> foreign = {"notes.txt",
                                            "data/train.mds",
                                            "data/deep/shard.00000.mds.partial",
                                            "photos/rexbert-cache",
                                            "photos/a.mds",
                                            "0123456789abcdef-train/shard.00000.mds",
                                            "0123456789abcdef-other/rexbert-cache",
                                            "0123456789abcdef-other/shard.00000.mds"};
  for (const std::string& name : foreign) {
    fs::create_directories((remote.cache() / name).parent_path());
    write_all(remote.cache() / name, std::string(60'000, 'x'));
  }
  const auto shards = remote.open(remote.options(static_cast<int64_t>(2 * remote.largest())));
  for (size_t i = 0; i < 6; ++i) shards->hold(i);
  for (const std::string& name : foreign) {
    ASSERT_TRUE(fs::exists(remote.cache() / name)) << name;
    EXPECT_EQ(read_all(remote.cache() / name), std::string(60'000, 'x')) << name;
  }
  remote.s3().forget_requests();
  shards->hold(4);
  shards->hold(5);
  EXPECT_THAT(remote.s3().requests(), IsEmpty()) << "they take no room either";
}

// The holder of a shard's lock as the others see it: a file that is locked until `release` says so,
// asked each time that somebody wants the lock.
class OtherHolder final : public EnvWrapper {
 public:
  OtherHolder(fs::path path, std::function<bool()> release)
      : EnvWrapper(Env::posix()), lock_(path.string() + ".lock"), release_(std::move(release)) {}

  std::unique_ptr<FileLock> try_lock(const fs::path& path) override {
    if (path == lock_ && !released_ && !(released_ = release_())) return nullptr;
    return EnvWrapper::try_lock(path);
  }
  bool exists(const fs::path& path) override {
    const bool found = EnvWrapper::exists(path);
    if (found && on_found) on_found(path);
    return found;
  }

  std::function<void(const fs::path&)> on_found = {};

 private:
  fs::path lock_;
  std::function<bool()> release_;
  bool released_ = false;
};

TEST(CacheFaults, AHolderThatPublishesMeanwhileEndsNoWait) {
  RemoteStream remote;
  remote.open();
  const fs::path path = remote.cache_path(0);
  const fs::path partial = path.string() + ".partial";
  const std::string whole = remote.s3().objects().at("/bucket/train/" + remote.name(0));
  write_all(partial, whole);
  int asked = 0;
  const auto publish = [&] {
    if (fs::exists(partial)) fs::rename(partial, path);
  };
  OtherHolder env(path, [&] {
    if (++asked < 3) return false;
    publish();
    return true;
  });
  env.on_found = [&](const fs::path& found) {  // gone at the moment after one looked
    if (found == partial) publish();
  };
  const auto shards = remote.open(env);
  remote.s3().forget_requests();
  EXPECT_EQ(read_all(shards->hold(0).folder / remote.name(0)), whole);
  EXPECT_EQ(remote.s3().count("shard."), 0u);
}

TEST(CacheFaults, ASlowHolderIsWaitedForAsLongAsItLives) {
  RemoteStream remote;
  remote.open();
  const auto start = remote.clock().now();
  uint64_t beats = 0;
  OtherHolder env(remote.cache_path(1), [&] {
    const auto minutes =
        std::chrono::duration<double, std::ratio<60>>(remote.clock().now() - start);
    if (minutes.count() > 12) return true;
    if (minutes.count() < static_cast<double>(beats)) return false;
    write_claim(remote.cache_path(1, ".lock"), {.reserved = 1000, .process = 77, .beats = ++beats});
    return false;
  });
  remote.open(env)->hold(1);
  EXPECT_GT(beats, 11u);
}

TEST(CacheFaults, AHolderThatStandsStillIsNamed) {
  RemoteStream remote;
  remote.open();
  OtherHolder env(remote.cache_path(1), [] { return false; });
  write_claim(remote.cache_path(1, ".lock"),
              {.reserved = 1000, .process = 77, .beats = 5, .problem = "status 503"});
  const auto shards = remote.open(env);
  const auto start = remote.clock().now();
  EXPECT_THAT(
      error_of([&] { shards->hold(1); }, ErrorCode::kIo),
      AllOf(HasSubstr(remote.url() + "/" + remote.name(1)), HasSubstr("process 77 holds it"),
            HasSubstr("no sign of life for 4 minutes"), HasSubstr("the last problem: status 503")));
  EXPECT_LT(remote.clock().now() - start, std::chrono::minutes(5));
}

TEST(CacheFaults, ADownloadGivesSignsOfLifeWithinAPart) {
  RemoteStream remote("", {"sha1"}, 1, 1 << 20);
  uint64_t beats = 0;
  Log log;
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (!is_shard(message)) return;
    reply.before_piece = [&](size_t) {
      spin_until([&] { return read_claim(remote.cache_path(0, ".lock")).beats >= beats; });
      remote.clock().advance(std::chrono::seconds(10));  // seen when the piece arrives
      ++beats;
    };
  };
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  EXPECT_EQ(RemoteStream::tokens(stream, 0), remote.true_tokens(0));
  EXPECT_GT(beats, 10u) << "one for each piece";
  EXPECT_EQ(read_claim(remote.cache_path(0, ".lock")), Claim{});
  EXPECT_THAT(log.text(), AllOf(HasSubstr(remote.name(0) + ": waiting for 30 s: "),
                                HasSubstr("a second now, fetched by this process")));
}

// Shards that are larger than a part of 8 MiB.
TEST(CacheFaults, AServerOfAMegabyteASecond) {
  RemoteStream remote("", {"sha1"}, 2, 9 << 20);
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (!is_shard(message)) return;
    reply.before_piece = [&](size_t) { remote.clock().advance(std::chrono::milliseconds(65)); };
  };
  const auto start = remote.clock().now();
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(RemoteStream::tokens(stream, i), remote.true_tokens(i)) << i;
  }
  EXPECT_GT(remote.clock().now() - start, std::chrono::seconds(9));
}

TEST(CacheFaults, AServerThatIsStoppedAndStartedAgain) {
  RemoteStream remote;
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  EXPECT_EQ(RemoteStream::tokens(stream, 0), remote.true_tokens(0));
  remote.server().stop();
  const auto end = remote.clock().now() + std::chrono::seconds(40);
  bool restarted = false;
  remote.clock().on_sleep = [&] {
    if (remote.clock().now() < end || std::exchange(restarted, true)) return;
    remote.server().restart();
  };
  for (size_t i = 1; i < stream.shards(); ++i) {
    EXPECT_EQ(RemoteStream::tokens(stream, i), remote.true_tokens(i)) << i;
  }
  EXPECT_TRUE(restarted);
}

TEST(CacheFaults, AWaitSaysWhatItWaitsForAndEndsBeforeOtherRanksGiveUp) {
  RemoteStream remote;
  const auto shards = remote.open();
  remote.s3().intervene = [&](const HttpMessage&) -> std::optional<HttpReply> {
    HttpReply reply = test::S3Server::error(503, "SlowDown", "Please reduce your request rate.");
    reply.headers.emplace_back("Retry-After", "50");
    return reply;
  };
  const auto start = remote.clock().now();
  Log log;
  EXPECT_THAT(error_of([&] { shards->hold(2); }, ErrorCode::kIo), HasSubstr(remote.name(2)));
  EXPECT_LT(remote.clock().now() - start, std::chrono::minutes(4));
  EXPECT_THAT(log.text(),
              AllOf(HasSubstr(remote.name(2) + ": waiting for 30 s: 0 B of "),
                    HasSubstr("waiting for 90 s"), HasSubstr("the last problem: status 503")));
}

TEST(CacheFaults, AStopEndsAWaitBetweenTriesAndWithinATransfer) {
  RemoteStream remote("", {"sha1"}, 2, 1 << 20);
  const auto shards = remote.open();
  remote.s3().intervene = [](const HttpMessage&) -> std::optional<HttpReply> {
    return test::S3Server::error(503, "SlowDown", "Please reduce your request rate.");
  };
  int asked = 0;
  const auto start = remote.clock().now();
  EXPECT_THAT(
      error_of([&] { shards->hold(0, [&] { return ++asked > 40; }); }, ErrorCode::kInterrupted),
      HasSubstr(remote.name(0)));
  EXPECT_LT(remote.clock().now() - start, std::chrono::seconds(20));

  remote.s3().intervene = {};
  std::atomic<bool> stop = false;
  std::promise<void> stopped;
  const std::shared_future<void> released = stopped.get_future().share();
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (!is_shard(message)) return;
    reply.before_piece = [&](size_t sent) {
      if (sent < (1 << 18)) return;
      stop = true;
      released.wait();  // would be for ever
    };
  };
  error_of([&] { shards->hold(1, [&] { return stop.load(); }); }, ErrorCode::kInterrupted);
  stopped.set_value();
  remote.server().stop();
}

// A ShardCache of a test, whose files are made of a letter.
class MadeCache {
 public:
  explicit MadeCache(int64_t limit, Env& env = Env::posix())
      : cache_(env, {.directory = folder_.path().string(), .limit = limit}, "0123456789abcdef-made",
               clock_) {}

  std::shared_ptr<HeldFile> hold(const std::string& name, uint64_t bytes,
                                 ShardCache::Purpose purpose = ShardCache::Purpose::kNow) {
    CacheWait wait(clock_, "https://host/" + name, bytes, {.warn = false});
    bool fetched = false;
    return cache_.hold(
        name, bytes, purpose, wait,
        [&](const fs::path& path, const DownloadWatch& watch) {
          watch(0, "");
          if (on_write) on_write(name);
          write_all(partial_path(path), std::string(bytes, 'x'));
        },
        &fetched);
  }
  bool has(const std::string& name) const { return fs::exists(cache_.path(name)); }
  fs::path path(const std::string& name) const { return cache_.path(name); }

  std::function<void(const std::string&)> on_write = {};

 private:
  TemporaryDirectory folder_;
  test::FakeClock clock_;
  ShardCache cache_;
};

TEST(CacheFaults, LookingAheadRemovesNothingWhereThatWouldNotDo) {
  MadeCache cache(1000);
  cache.hold("idle", 300);
  const auto used = cache.hold("used", 600);
  EXPECT_THAT(
      error_of([&] { cache.hold("large", 500, ShardCache::Purpose::kAhead); }, ErrorCode::kIo),
      HasSubstr("no room within cache.limit"));
  EXPECT_TRUE(cache.has("idle"));
  cache.hold("fits", 400, ShardCache::Purpose::kAhead);
  EXPECT_FALSE(cache.has("idle"));
  EXPECT_TRUE(cache.has("fits"));
  cache.hold("large", 500);  // is waited for: may pass the limit
  EXPECT_FALSE(cache.has("fits"));
}

// An Env whose disk has so many bytes free.
class SmallDisk final : public EnvWrapper {
 public:
  SmallDisk() : EnvWrapper(Env::posix()) {}
  uint64_t free_bytes(const fs::path&) override { return free(); }
  std::function<uint64_t()> free = {};
};

TEST(CacheFaults, WhatOthersReservedIsNotFree) {
  SmallDisk env;
  MadeCache cache(1 << 20, env);
  const fs::path other = cache.path("other");
  const auto lock = Env::posix().try_lock(other.string() + ".lock");
  write_claim(other.string() + ".lock", {.reserved = 5000, .process = 1});
  write_all(partial_path(other), std::string(1000, 'x'));
  env.free = [] { return 4999; };
  EXPECT_THAT(error_of([&] { cache.hold("mine", 1000); }, ErrorCode::kIo),
              HasSubstr("the disk is full"));
  env.free = [] { return 5000; };  // 4,000 of the other, 1,000 of mine
  cache.hold("mine", 1000);
}

TEST(CacheFaults, ADiskThatFillsUpMeanwhileGetsRoomOnceMore) {
  MadeCache cache(1 << 20);
  cache.hold("old", 1000);
  cache.hold("new", 1000);
  int full = 1;
  cache.on_write = [&](const std::string& name) {
    if (name != "old" && full-- > 0) {
      throw Error(ErrorCode::kIo, str_cat(name, ": cannot write: ", std::strerror(ENOSPC)));
    }
  };
  cache.hold("more", 900);
  EXPECT_FALSE(cache.has("old"));
  EXPECT_TRUE(cache.has("new"));
  full = 2;
  EXPECT_THAT(error_of([&] { cache.hold("another", 900); }, ErrorCode::kIo),
              HasSubstr(std::strerror(ENOSPC)));
}

TEST(CacheFaults, WhatWasFetchedAheadStaysUntilItIsOpened) {
  RemoteStream remote("", {"sha1"}, 9);
  const auto shards = RemoteShards::open(
      Env::posix(), remote.url(), remote.options(static_cast<int64_t>(3 * remote.largest())));
  shards->prefetch({0, 1}, 1);
  spin_until([&] { return shards->traffic().shards == 2; });
  for (size_t i = 2; i < 6; ++i) shards->hold(i);
  EXPECT_THAT(remote.cached(), AllOf(Contains(remote.name(0)), Contains(remote.name(1))));
  shards->hold(0);  // opened and let go
  shards->hold(6);
  shards->hold(7);
  EXPECT_THAT(remote.cached(), AllOf(Not(Contains(remote.name(0))), Contains(remote.name(1))));
  shards->prefetch({8}, 2);
  shards->prefetch({}, 1);  // nobody wants 1 any longer
  for (size_t i = 2; i < 6; ++i) shards->hold(i);
  EXPECT_THAT(remote.cached(), Not(Contains(remote.name(1))));
}

TEST(CacheFaults, OnAFullDiskWhatIsNeededNowComesBeforeWhatWasFetchedAhead) {
  RemoteStream remote;
  SmallDisk env;
  env.free = [&] {
    return 3 * remote.largest() - std::min(3 * remote.largest(), remote.bytes_cached());
  };
  const auto shards = RemoteShards::open(env, remote.url(), remote.options());
  shards->prefetch({0, 1, 2});
  spin_until([&] { return shards->traffic().shards == 3; });
  spin_until([&] {
    try {
      shards->hold(3);
      return true;
    } catch (const Error&) {
      return false;  // the last of them was not noted yet
    }
  });
  EXPECT_THAT(remote.cached(), SizeIs(3));
}

TEST(CacheFaults, AFlippedBitInAnOffsetTableIsSeenBeforeItIsUsed) {
  RemoteStream remote;
  std::atomic<int> flips = 0;
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (message.target.ends_with(remote.name(0)) && flips++ == 0) reply.body[12] ^= 1;
  };
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  EXPECT_EQ(stream.offsets(0), TokenStream::open(Env::posix(), remote.folder()).offsets(0));
  EXPECT_GE(flips, 3);
  EXPECT_EQ(RemoteStream::tokens(stream, 0), remote.true_tokens(0));
}

TEST(CacheFaults, ProcessesShareTheWorkOfOffsetTables) {
  RemoteStream remote;
  std::set<std::string> ranges;
  std::mutex mutex;
  std::atomic<int> asked = 0;
  remote.s3().intervene = [&](const HttpMessage& message) -> std::optional<HttpReply> {
    if (!is_shard(message)) return {};
    {
      const std::scoped_lock lock(mutex);
      ranges.insert(message.header("range"));
    }
    ++asked;
    spin_until([&] { return asked >= 6; });  // three ranks of two threads, all at work
    return {};
  };
  std::vector<std::thread> ranks;
  for (int i = 0; i < 3; ++i) {
    ranks.emplace_back([&] {
      const auto shards = remote.open_in_real_time();
      for (size_t shard = 0; shard < 6; ++shard) shards->offsets(shard);
    });
  }
  for (std::thread& rank : ranks) rank.join();
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(remote.s3().count(remote.name(i)), 2u) << i;
  std::set<std::string> expected;
  for (const ShardInfo& info : remote.index().shards) {
    expected.insert(str_cat("bytes=0-", 4 * (info.samples + 2) - 1));
  }
  EXPECT_EQ(ranges, expected) << "and no byte more";
}

TEST(CacheFaults, AStreamWithoutHashesThatIsMadeAnewIsAnotherOne) {
  RemoteStream remote("", {});
  std::string version = "\"1\"";
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (message.target.ends_with("index.json")) reply.headers = {{"ETag", version}};
  };
  remote.open()->hold(0);
  version = "\"2\"";
  const auto again = remote.open();
  remote.s3().forget_requests();
  again->hold(0);
  EXPECT_EQ(remote.s3().count(remote.name(0)), 1u);
}

// An Env whose folder vanishes when a file is written into it.
class VanishingFolder final : public EnvWrapper {
 public:
  explicit VanishingFolder(fs::path folder)
      : EnvWrapper(Env::posix()), folder_(std::move(folder)) {}
  std::unique_ptr<WritableFile> new_writable_file(const fs::path& path) override {
    if (path.native().ends_with(".partial")) fs::remove_all(folder_);
    return EnvWrapper::new_writable_file(path);
  }

 private:
  fs::path folder_;
};

TEST(CacheFaults, AFileThatThisMachineLacksIsNotTheStorages) {
  RemoteStream remote;
  VanishingFolder env(remote.cache());
  const auto shards = remote.open(env);
  EXPECT_THAT(error_of([&] { shards->hold(0); }, ErrorCode::kNotFound),
              AllOf(HasSubstr(remote.cache().string()), Not(HasSubstr("the storage has none"))));
}

}  // namespace
}  // namespace rexbert::shard
