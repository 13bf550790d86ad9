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
  void make(const MadeStream& made) {
    write_stream(scratch_.path() / "stream", made);
    for (const std::string& name : Env::posix().list_directory(scratch_.path() / "stream")) {
      s3_.put("/bucket/stream/" + name, Env::posix().read_file(scratch_.path() / "stream" / name));
    }
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

// Every shard is a slice here, and a window one shard.
TEST_F(RemoteLoaderTest, AResumeFetchesTheOpenWindowsAndWhatFollows) {
  make({.lengths = std::vector<int32_t>(3000, 900), .shard_bytes = 6000});
  const auto whole = remote("first", 0);
  ASSERT_GE(whole->tokens().shards(), 1000u);
  EXPECT_TRUE(requested().empty()) << "no shard is touched before the first step";
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
  requested();
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
}

// A bit of a table flips on its way when slices are cut; those of the resumed run are the same.
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
  Loader loader(setup(remote("second", 1), kSteps), state);
  expect_same(rest, batches_of(loader, kSteps - kStop));
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
