#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "batch/made_stream.h"
#include "rexbert/batch/loader.h"
#include "rexbert/core/error.h"
#include "support/s3_server.h"

namespace rexbert::batch {
namespace {

constexpr uint64_t kSeed = 5;

// A stream in a folder and at a server.
class RemoteLoaderTest : public ::testing::Test {
 protected:
  void put(const MadeStream& made) {
    fs::remove_all(scratch_.path() / "stream");
    write_stream(scratch_.path() / "stream", made);
    for (const std::string& name : Env::posix().list_directory(scratch_.path() / "stream")) {
      s3_.put("/bucket/stream/" + name, Env::posix().read_file(scratch_.path() / "stream" / name));
    }
  }

  void make(const MadeStream& made) {
    put(made);
    server_.start(std::ref(s3_));
  }

  std::shared_ptr<const StreamSource> remote(const std::string& cache, int32_t lookahead) {
    StreamOptions options{.path = server_.url("/bucket/stream")};
    options.cache.directory = (scratch_.path() / cache).string();
    options.lookahead = lookahead;
    return StreamSource::open(Env::posix(), "s", options, lanes_, {});
  }

  LoaderSetup setup(std::shared_ptr<const StreamSource> stream, int64_t steps) const {
    LoaderSetup made;
    made.streams = {std::move(stream)};
    made.step_at = [lanes = lanes_](int64_t step) {
      plan::StepSpec spec;
      spec.step = step;
      spec.first_row = step * lanes;
      spec.rows = lanes;
      spec.context_length = 256;
      spec.mixture = {1.0};
      return spec;
    };
    made.end_step = steps;
    made.options = {.lanes = lanes_, .window_rows = 8, .prefetch_steps = 1};
    made.seed = kSeed;
    return made;
  }

  // The shards asked for since the last call, each as often as it was asked for.
  std::multiset<std::string> requested() {
    std::multiset<std::string> names;
    for (const std::string& line : s3_.requests()) {
      const size_t at = line.find("shard.");
      if (at != std::string::npos) names.insert(line.substr(at));
    }
    s3_.forget_requests();
    return names;
  }

  void expect_resume_to_fetch_open_windows(const std::shared_ptr<const StreamSource>& whole);

  int32_t lanes_ = 4;
  ScratchFolder scratch_{"remote_loader"};
  test::S3Server s3_;
  test::HttpServer server_;
};

std::vector<PackedBatch> batches_of(Loader& loader, int64_t steps) {
  std::vector<PackedBatch> batches;
  for (int64_t i = 0; i < steps; ++i) {
    for (PackedBatch& batch : loader.next().micro_batches) batches.push_back(std::move(batch));
  }
  return batches;
}

void expect_same(const std::vector<PackedBatch>& expected, const std::vector<PackedBatch>& got) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].tokens_T, expected[i].tokens_T) << i;
    EXPECT_EQ(got[i].offsets_S1, expected[i].offsets_S1) << i;
    EXPECT_EQ(got[i].row_S, expected[i].row_S) << i;
    EXPECT_EQ(got[i].sample_S, expected[i].sample_S) << i;
  }
}

TEST_F(RemoteLoaderTest, GivesTheBatchesOfTheFolder) {
  make({.lengths = skewed_lengths(900, 5, 800, 3), .shard_bytes = 1 << 14, .compression = "zstd"});
  constexpr int64_t kSteps = 60;
  Loader local(setup(open_made(scratch_.path() / "stream", "s", lanes_), kSteps));
  const std::vector<PackedBatch> expected = batches_of(local, kSteps);
  for (const int32_t lookahead : {0, 2}) {
    Loader loader(setup(remote(str_cat("cache", lookahead), lookahead), kSteps));
    expect_same(expected, batches_of(loader, kSteps));
  }
}

// Of a thousand shards and a cold cache. A window is one slice here, or a part of it.
void RemoteLoaderTest::expect_resume_to_fetch_open_windows(
    const std::shared_ptr<const StreamSource>& whole) {
  constexpr int64_t kSteps = 40, kStop = 17;
  std::vector<PackedBatch> rest;
  LoaderState state;
  std::multiset<std::string> continued;
  {
    LoaderSetup first = setup(whole, kSteps);
    first.options.prefetch_steps = 0;
    Loader loader(std::move(first));
    batches_of(loader, kStop);
    state = LoaderState::parse(loader.state().dump(), "state");
    requested();
    rest = batches_of(loader, kSteps - kStop);
    continued = requested();
  }
  std::set<std::string> open_windows;
  const auto name_of = [&](int32_t shard) {
    return whole->tokens().index().shards[static_cast<size_t>(shard)].raw_data.basename;
  };
  for (const auto& [lane, cursor] : state.streams.at("s").lanes) {
    for (const TokenRange& range : cursor.carry) open_windows.insert(name_of(range.shard));
    for (int64_t i = 0; i < 2; ++i) {
      open_windows.insert(name_of(whole->entry(kSeed, lane, cursor.first_entry + i).slice.shard));
    }
  }

  LoaderSetup second = setup(remote("cold", 0), kSteps);
  second.options.prefetch_steps = 0;
  EXPECT_TRUE(requested().empty());
  Loader loader(std::move(second), state);
  expect_same(rest, batches_of(loader, kSteps - kStop));
  const std::multiset<std::string> resumed = requested();
  EXPECT_GT(resumed.size(), continued.size());
  std::set<std::string> once(resumed.begin(), resumed.end());
  EXPECT_EQ(once.size(), resumed.size()) << "each is fetched once";
  for (const std::string& name : continued) {
    EXPECT_TRUE(resumed.contains(name)) << name;
    once.erase(name);
  }
  for (const std::string& name : once) EXPECT_TRUE(open_windows.contains(name)) << name;
  EXPECT_LT(resumed.size(), 500u);
}

TEST_F(RemoteLoaderTest, AResumeFetchesTheOpenWindowsAndWhatFollows) {
  make({.lengths = std::vector<int32_t>(3000, 900), .shard_bytes = 6000});
  const auto whole = remote("first", 0);
  ASSERT_GE(whole->tokens().shards(), 1000u);
  ASSERT_EQ(whole->slices().slices.size(), whole->tokens().shards());
  EXPECT_TRUE(requested().empty()) << "no shard is touched before the first step";
  expect_resume_to_fetch_open_windows(whole);
}

// Too few shards for the default lanes: all offset tables are read once in the life of a run.
TEST_F(RemoteLoaderTest, AResumeFetchesNoOffsetTable) {
  lanes_ = DataOptions{}.lanes;
  make({.lengths = std::vector<int32_t>(20'000, 1000), .shard_bytes = 40'000});
  const auto whole = remote("first", 0);
  ASSERT_GE(whole->tokens().shards(), 1000u);
  ASSERT_GT(whole->slices().slices.size(), whole->tokens().shards());
  EXPECT_GE(requested().size(), whole->tokens().shards());
  expect_resume_to_fetch_open_windows(whole);
}

// The slices that a state kept are of other shards than those that lie there now.
TEST_F(RemoteLoaderTest, AResumeRefusesShardsThatWereReplaced) {
  constexpr int64_t kSteps = 200, kStop = 7;  // more than an epoch: every shard is opened
  const auto state_of = [&](const std::string& cache) {
    Loader loader(setup(remote(cache, 1), kSteps));
    batches_of(loader, kStop);
    return LoaderState::parse(loader.state().dump(), "state");
  };
  std::vector<int32_t> lengths = skewed_lengths(900, 5, 800, 3);
  make({.lengths = lengths, .shard_bytes = 1 << 14});
  const LoaderState state = state_of("first");

  // The index tells.
  std::vector<int32_t> fewer(lengths.begin(), lengths.end() - 1);
  put({.lengths = fewer, .shard_bytes = 1 << 14});
  const auto resume = [&](const std::string& cache) {
    Loader loader(setup(remote(cache, 1), kSteps), state);
    batches_of(loader, kSteps - kStop);
  };
  EXPECT_THAT([&] { resume("fewer"); }, ::testing::ThrowsMessage<Error>(
                                            ::testing::HasSubstr("streams.s.path (other shards)")));

  // The index is as it was, all but the hashes: two documents of a shard changed places.
  std::swap(lengths[0], lengths[1]);
  ASSERT_NE(lengths[0], lengths[1]);
  put({.lengths = lengths, .shard_bytes = 1 << 14});
  EXPECT_THAT([&] { resume("swapped"); }, ::testing::ThrowsMessage<Error>(::testing::HasSubstr(
                                              "the slices of the checkpoint were cut by")));
}

// A bit of a table flips on its way when slices are cut; they are those of the folder nevertheless,
// and a resume from a state that has none cuts the same.
TEST_F(RemoteLoaderTest, ResumesAfterAnOffsetTableWasDamagedOnItsWay) {
  make({.lengths = skewed_lengths(900, 5, 800, 3), .shard_bytes = 1 << 14});
  std::atomic<int> flips = 0;
  s3_.damage = [&](const test::HttpMessage& message, test::HttpReply& reply) {
    if (message.target.find("shard.00000") != std::string::npos && flips++ == 0) {
      reply.body[13] ^= 1;
    }
  };
  constexpr int64_t kSteps = 20, kStop = 7;
  LoaderState state;
  std::vector<PackedBatch> rest;
  {
    LoaderSetup first = setup(remote("first", 1), kSteps);
    first.options.prefetch_steps = 0;
    Loader loader(std::move(first));
    batches_of(loader, kStop);
    state = LoaderState::parse(loader.state().dump(), "state");
    rest = batches_of(loader, kSteps - kStop);
  }
  EXPECT_GE(flips, 3);
  Loader local(setup(open_made(scratch_.path() / "stream", "s", lanes_), kSteps), state);
  expect_same(rest, batches_of(local, kSteps - kStop));
  for (const auto& [cache, from] :
       {std::pair("second", state), std::pair("third", state.cursors())}) {
    Loader loader(setup(remote(cache, 1), kSteps), from);
    expect_same(rest, batches_of(loader, kSteps - kStop));
  }
}

// No shard comes, and nobody waits for it to the end of all retries.
TEST_F(RemoteLoaderTest, ALoaderThatWaitsForDataCanBeStopped) {
  make({.lengths = std::vector<int32_t>(300, 900), .shard_bytes = 6000});
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  std::atomic<int> asked = 0;
  s3_.intervene = [&](const test::HttpMessage& message) -> std::optional<test::HttpReply> {
    if (message.target.find("shard.") != std::string::npos) {
      ++asked;
      ended.wait();
    }
    return {};
  };
  const auto wait_for_requests = [&] {
    while (asked == 0) std::this_thread::yield();
  };
  {
    Loader loader(setup(remote("destroyed", 0), 10));
    wait_for_requests();
  }
  asked = 0;
  {
    LoaderSetup stopped = setup(remote("stopped", 0), 10);
    stopped.stop_requested = [&] { return asked > 0; };
    Loader loader(std::move(stopped));
    try {
      loader.next();
      ADD_FAILURE() << "expected an error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInterrupted) << error.what();
    }
    EXPECT_EQ(loader.state().next_step, 0);
  }
  end.set_value();
  server_.stop();
}

}  // namespace
}  // namespace rexbert::batch
