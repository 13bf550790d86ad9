#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "rexbert/core/fault_env.h"
#include "rexbert/core/hash.h"
#include "rexbert/shard/remote_shards.h"
#include "shard/remote_stream.h"
#include "support/process.h"

namespace rexbert::shard {
namespace {

using test::HttpMessage;
using test::HttpReply;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

bool is_shard(const HttpMessage& message) {
  return message.target.find("shard.") != std::string::npos;
}

// Every shard through the cache, compared with the folder's.
void expect_all_tokens(RemoteStream& remote) {
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  for (size_t i = 0; i < stream.shards(); ++i) {
    EXPECT_EQ(RemoteStream::tokens(stream, i), remote.true_tokens(i)) << i;
  }
}

TEST(RemoteFaults, ATenthOfTheAnswersIs503) {
  RemoteStream remote;
  std::atomic<int> count = 0;
  remote.s3().intervene = [&](const HttpMessage&) -> std::optional<HttpReply> {
    if (count++ % 10 != 3) return {};
    return test::S3Server::error(503, "SlowDown", "Please reduce your request rate.");
  };
  expect_all_tokens(remote);
  EXPECT_THAT(remote.clock().sleeps(), ::testing::Not(IsEmpty()));
}

TEST(RemoteFaults, AnOutageOfTwentySeconds) {
  RemoteStream remote("zstd");
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  stream.open_shard(0);
  const auto end = remote.clock().now() + std::chrono::seconds(20);
  remote.s3().damage = [&](const HttpMessage&, HttpReply& reply) {
    if (remote.clock().now() < end) reply.cut = 0;  // the connection ends without an answer
  };
  for (size_t i = 1; i < stream.shards(); ++i) {
    EXPECT_EQ(RemoteStream::tokens(stream, i), remote.true_tokens(i)) << i;
  }
  EXPECT_GE(remote.clock().now(), end);
}

TEST(RemoteFaults, AnOutageWithoutEndStopsNamingTheShard) {
  RemoteStream remote;
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  remote.s3().damage = [&](const HttpMessage&, HttpReply& reply) { reply.cut = 0; };
  EXPECT_THAT(error_of([&] { stream.open_shard(2); }, ErrorCode::kIo),
              AllOf(HasSubstr(remote.name(2)), HasSubstr("attempt 10 of 10")));
}

TEST(RemoteFaults, BodiesThatBreakOff) {
  RemoteStream remote;
  std::atomic<int> count = 0;
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (is_shard(message) && count++ % 2 == 0) reply.cut = reply.body.size() / 2;
  };
  expect_all_tokens(remote);
}

// Shorter than asked for, with a length that says so, as a bad proxy does it.
TEST(RemoteFaults, BodiesThatAreTooShort) {
  RemoteStream remote;
  std::atomic<int> count = 0;
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (is_shard(message) && count++ % 2 == 0) reply.body.resize(reply.body.size() / 2);
  };
  expect_all_tokens(remote);
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (is_shard(message)) reply.body.resize(100);
  };
  fs::remove_all(remote.cache());
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  EXPECT_THAT(error_of([&] { stream.open_shard(1); }, ErrorCode::kCorrupt),
              AllOf(HasSubstr(remote.name(1)), HasSubstr("bytes, got 100")));
}

TEST(RemoteFaults, AFlippedBitIsFetchedAgainOrStopsTheRun) {
  RemoteStream remote("", {"xxh64"});
  std::atomic<int> flips = 0;
  int most = 1;
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (is_shard(message) && flips++ < most) reply.body[reply.body.size() / 3] ^= 16;
  };
  expect_all_tokens(remote);
  most = 1000;
  fs::remove_all(remote.cache());
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  EXPECT_THAT(error_of([&] { stream.open_shard(3); }, ErrorCode::kCorrupt),
              AllOf(HasSubstr(remote.name(3)), HasSubstr("xxh64 of"), HasSubstr("expected"),
                    HasSubstr("fetched 4 times")));
  EXPECT_THAT(remote.cached(), IsEmpty()) << "nothing damaged is ever seen";
}

TEST(RemoteFaults, AShardThatIsListedAndNotThere) {
  RemoteStream remote;
  remote.s3().remove("/bucket/train/" + remote.name(4));
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  EXPECT_THAT(error_of([&] { stream.open_shard(4); }, ErrorCode::kNotFound),
              AllOf(HasSubstr(remote.name(4)), HasSubstr("status 404"),
                    HasSubstr("the index lists this shard"), HasSubstr("rexbert shards sync")));
}

TEST(RemoteFaults, AShardOfAnotherSizeIsNotTheIndexs) {
  RemoteStream remote;
  remote.s3().put("/bucket/train/" + remote.name(0), std::string(30'000, 'x'));
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  EXPECT_THAT(error_of([&] { stream.open_shard(0); }, ErrorCode::kCorrupt),
              HasSubstr("got an object of 30000: the stream there is not the one of its index"));
}

TEST(RemoteFaults, ADamagedOffsetTableIsSeenWithTheShard) {
  RemoteStream remote;
  std::atomic<bool> flips = true;
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (flips && message.target.ends_with(remote.name(0))) reply.body[12] ^= 1;
  };
  {
    const auto stream = TokenStream::open(Env::posix(), remote.open());
    stream.offsets(0);
    flips = false;
    EXPECT_THAT(
        error_of([&] { stream.open_shard(0); }, ErrorCode::kIncompatible),
        AllOf(HasSubstr(remote.name(0)), HasSubstr("offset table"), HasSubstr("start again")));
  }
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  EXPECT_EQ(stream.offsets(0), TokenStream::open(Env::posix(), remote.folder()).offsets(0));
  EXPECT_EQ(RemoteStream::tokens(stream, 0), remote.true_tokens(0));
}

TEST(RemoteFaults, AShardThatIsNoShardNamesItsUrl) {
  RemoteStream remote("zstd", {});
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (message.target.ends_with(remote.name(2))) reply.body.assign(reply.body.size(), 'x');
  };
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  EXPECT_THAT(error_of([&] { stream.open_shard(2); }, ErrorCode::kCorrupt),
              HasSubstr(remote.url() + "/" + remote.name(2)));
}

TEST(RemoteFaults, AFileOfTheCacheThatRotsIsFetchedAgain) {
  RemoteStream remote;
  const auto stream = TokenStream::open(Env::posix(), remote.open());
  stream.open_shard(0);
  write_all(remote.cache_path(0), std::string(5, 'x'));
  EXPECT_EQ(RemoteStream::tokens(stream, 0), remote.true_tokens(0));
}

TEST(RemoteFaults, PartialFilesAreGoneOnWith) {
  RemoteStream remote;
  const auto shards = remote.open();
  const std::string whole = remote.s3().objects().at("/bucket/train/" + remote.name(0));
  write_all(remote.cache_path(0, ".partial"), whole.substr(0, 7000));
  write_all(remote.cache_path(0, ".version"), "\"" + hash_hex("md5", whole) + "\"");
  std::string range;
  remote.s3().intervene = [&](const HttpMessage& message) -> std::optional<HttpReply> {
    range = message.header("range");
    return {};
  };
  const auto held = shards->hold(0);
  EXPECT_EQ(range.substr(0, 11), "bytes=7000-");
  EXPECT_EQ(read_all(held.folder / remote.name(0)), whole);
  // Of another version, it is of no use.
  write_all(remote.cache_path(1, ".partial"), std::string(7000, 'x'));
  write_all(remote.cache_path(1, ".version"), "\"0123\"");
  shards->hold(1);
  EXPECT_EQ(range.substr(0, 8), "bytes=0-");
}

// An Env whose disk has so many bytes free.
class SmallDisk final : public EnvWrapper {
 public:
  SmallDisk(Env& base, uint64_t free) : EnvWrapper(base), free_(free) {}
  uint64_t free_bytes(const fs::path&) override { return free_; }

 private:
  uint64_t free_;
};

TEST(RemoteFaults, AFullDiskSaysSo) {
  RemoteStream remote;
  SmallDisk env(Env::posix(), 1000);
  const auto shards = remote.open(env);
  EXPECT_THAT(
      error_of([&] { shards->hold(0); }, ErrorCode::kIo),
      AllOf(HasSubstr(remote.url() + "/" + remote.name(0)), HasSubstr(remote.cache().string()),
            HasSubstr("the disk is full"), HasSubstr("free disk, lower cache.limit")));
  FaultInjectionEnv failing(Env::posix());
  const auto others = remote.open(failing);
  failing.fail_after(3);
  EXPECT_THAT(error_of([&] { others->hold(0); }, ErrorCode::kIo), HasSubstr(remote.name(0)));
  failing.fail_after(0);
  others->hold(0);
}

// A process that is killed at every moment of its life with the cache leaves one that others use.
TEST(RemoteFaults, AKilledProcessLeavesAUsableCache) {
  RemoteStream remote;
  const auto limit = static_cast<int64_t>(3 * remote.largest());
  FaultInjectionEnv counting(Env::posix());
  {
    const auto shards = remote.open(remote.options(limit), counting);
    counting.fail_after(0);
    for (size_t i = 0; i < 5; ++i) shards->hold(i);
  }
  const int64_t operations = counting.operations();
  ASSERT_GT(operations, 20);
  for (int64_t moment = 1; moment <= operations; ++moment) {
    fs::remove_all(remote.cache());
    FaultInjectionEnv dying(Env::posix());
    try {
      const auto shards = remote.open(remote.options(limit), dying);
      dying.fail_after(moment);
      for (size_t i = 0; i < 5; ++i) shards->hold(i);
    } catch (const Error&) {
    }
    const auto stream = TokenStream::open(Env::posix(), remote.open(remote.options(limit)));
    for (size_t i = 0; i < 5; ++i) {
      ASSERT_EQ(RemoteStream::tokens(stream, i), remote.true_tokens(i)) << moment;
    }
    EXPECT_THAT(remote.cached(), SizeIs(3)) << moment;
  }
}

// Processes of tests/shard/cache_reader.cc, which read the stream twice through one cache and write
// down what they read.
class CacheReaders {
 public:
  explicit CacheReaders(RemoteStream& remote) : remote_(remote) {}

  pid_t start(const std::string& name) {
    return test::start_program({REXBERT_BINARY_DIR "/bin/rexbert_shard_cache_reader", remote_.url(),
                                remote_.cache().string(), std::to_string(3 * remote_.largest())},
                               output(name));
  }
  fs::path output(const std::string& name) const { return outputs_ / name; }
  std::string expected() const {
    std::string text;
    for (size_t i = 0; i < remote_.index().shards.size(); ++i) {
      const auto tokens = remote_.true_tokens(i);
      const std::string_view bytes(reinterpret_cast<const char*>(tokens.data()), 4 * tokens.size());
      text += str_cat(hash64(bytes), "\n");
    }
    return text + text;
  }

 private:
  RemoteStream& remote_;
  TemporaryDirectory outputs_;
};

TEST(RemoteFaults, FourProcessesShareThreeShardsOfRoom) {
  RemoteStream remote("", {"sha1"}, 12);
  CacheReaders readers(remote);
  std::vector<pid_t> processes;
  for (const char* name : {"0", "1", "2", "3"}) processes.push_back(readers.start(name));
  std::atomic<bool> done = false;
  uint64_t most = 0;
  std::thread sampler([&] {
    while (!done) most = std::max(most, remote.bytes_cached());
  });
  for (size_t i = 0; i < processes.size(); ++i) {
    EXPECT_EQ(test::wait_for(processes[i]), 0);
    EXPECT_EQ(read_all(readers.output(std::to_string(i))), readers.expected()) << i;
  }
  done = true;
  sampler.join();
  // Within the limit, and one for each process, which may pass it.
  EXPECT_LE(most, (3 + 4) * remote.largest());
  EXPECT_GE(most, 2 * remote.largest()) << "the sampler saw the cache";
  const auto shards = remote.open(remote.options(static_cast<int64_t>(3 * remote.largest())));
  size_t missing = 0;
  while (fs::exists(remote.cache_path(missing))) ++missing;
  shards->hold(missing);
  EXPECT_LE(remote.cached().size(), 3u);
}

TEST(RemoteFaults, OneOfFourProcessesIsKilled) {
  RemoteStream remote("zstd", {"sha1"}, 12);
  CacheReaders readers(remote);
  for (const size_t moment : {3u, 11u, 17u, 26u, 38u}) {
    remote.s3().forget_requests();
    const pid_t victim = readers.start(str_cat("victim", moment));
    std::vector<pid_t> others;
    for (int i = 0; i < 3; ++i) others.push_back(readers.start(str_cat(moment, "-", i)));
    test::kill_at(victim, [&] { return remote.s3().requests().size() >= moment; });
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(test::wait_for(others[static_cast<size_t>(i)]), 0);
      EXPECT_EQ(read_all(readers.output(str_cat(moment, "-", i))), readers.expected()) << moment;
    }
    fs::remove_all(remote.cache());
  }
}

TEST(RemoteFaults, AProcessIsKilledInTheMiddleOfAShard) {
  RemoteStream remote("", {"sha1"}, 1, 9 << 20);
  CacheReaders readers(remote);
  std::atomic<bool> killed = false;
  std::string range;
  remote.s3().damage = [&](const HttpMessage& message, HttpReply& reply) {
    if (!is_shard(message)) return;
    range = message.header("range");
    if (killed || range.starts_with("bytes=0-")) return;
    reply.before_piece = [&](size_t) {  // what follows the first part of 8 MiB never comes
      while (!killed) std::this_thread::yield();
    };
  };
  const pid_t victim = readers.start("victim");
  EXPECT_TRUE(test::kill_at(victim, [&] {
    const fs::path partial = remote.cache_path(0, ".partial");
    return fs::exists(partial) && fs::file_size(partial) == 8 << 20;
  }));
  killed = true;
  EXPECT_EQ(test::wait_for(readers.start("next")), 0);
  EXPECT_EQ(read_all(readers.output("next")), readers.expected());
  EXPECT_TRUE(range.starts_with("bytes=8388608-"))
      << range << ": what was there is not fetched again";
}

}  // namespace
}  // namespace rexbert::shard
