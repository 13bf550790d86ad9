#include "rexbert/batch/slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "batch/made_stream.h"
#include "rexbert/core/error.h"

namespace rexbert::batch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<uint32_t> offsets_of(const std::vector<uint32_t>& tokens) {
  std::vector<uint32_t> offsets = {100};
  for (const uint32_t count : tokens) offsets.push_back(offsets.back() + 2 * count);
  return offsets;
}

// Every place of the shard lies in one slice: each begins where the one before ended.
void expect_cover(const std::vector<Slice>& slices, int32_t samples) {
  Slice at{.shard = slices.front().shard};
  for (const Slice& slice : slices) {
    EXPECT_EQ(slice.begin_sample, at.end_sample);
    EXPECT_EQ(slice.begin_token, at.end_token);
    EXPECT_LT(std::make_pair(slice.begin_sample, slice.begin_token),
              std::make_pair(slice.end_sample, slice.end_token));
    at = slice;
  }
  EXPECT_EQ(at.end_sample, samples);
  EXPECT_EQ(at.end_token, 0);
}

TEST(CutShard, KeepsDocumentsWhole) {
  const std::vector<Slice> slices = cut_shard(3, offsets_of({60, 60, 60, 60, 60, 60}), 2, 120);
  EXPECT_THAT(slices,
              ElementsAre(Slice{3, 0, 0, 2, 0}, Slice{3, 2, 0, 4, 0}, Slice{3, 4, 0, 6, 0}));
}

TEST(CutShard, CutsWhatIsLongerThanASlice) {
  const std::vector<Slice> slices = cut_shard(0, offsets_of({10, 1000, 10}), 2, 100);
  expect_cover(slices, 3);
  EXPECT_EQ(slices.size(), 10u);
  EXPECT_EQ(slices[0], (Slice{0, 0, 0, 1, 92}));
  EXPECT_EQ(slices[1], (Slice{0, 1, 92, 1, 194}));
}

TEST(CutShard, CoversEveryPlaceOnce) {
  for (const int64_t target : {1, 7, 100, 5000, 1 << 20}) {
    KeyedRng rng(11, Purpose::kTest);
    std::vector<uint32_t> tokens;
    for (int i = 0; i < 300; ++i) {
      tokens.push_back(static_cast<uint32_t>(rng.next_below(rng.next_below(9) == 0 ? 9000 : 60)));
    }
    expect_cover(cut_shard(0, offsets_of(tokens), 2, target), 300);
  }
}

TEST(CutShard, AnEmptyShardHasNoSlices) { EXPECT_TRUE(cut_shard(0, {100}, 2, 10).empty()); }

TEST(SliceTable, WholeShardsWhereThereAreEnough) {
  const ScratchFolder scratch("slices_whole");
  const auto stream = make_stream(
      scratch, "s", {.lengths = std::vector<int32_t>(400, 300), .shard_bytes = 4096}, 2);
  ASSERT_GE(stream->tokens().shards(), 16u);
  ASSERT_EQ(stream->slices().slices.size(), stream->tokens().shards());
  expect_cover({stream->slices().slices[5]}, static_cast<int32_t>(stream->tokens().samples(5)));
  // With more lanes than that they are cut, but never below 8,192 tokens: here, not at all.
  EXPECT_EQ(open_made(scratch.path() / "s", "s", 20)->slices().slices.size(),
            stream->tokens().shards());
}

TEST(SliceTable, ASharePerLaneOtherwise) {
  const ScratchFolder scratch("slices_lanes");
  const auto stream = make_stream(
      scratch, "s", {.lengths = std::vector<int32_t>(4000, 300), .shard_bytes = 1 << 22}, 2);
  ASSERT_EQ(stream->tokens().shards(), 1u);
  // 1.2 M tokens / (32 x 2 lanes) = 19 k tokens.
  EXPECT_NEAR(static_cast<double>(stream->slices().slices.size()), 64, 2);
  EXPECT_NEAR(static_cast<double>(stream->slices().mean_tokens()), 1.2e6 / 64, 1000);
}

TEST(SliceTable, FingerprintFollowsDataAndLanes) {
  const ScratchFolder scratch("slices_fingerprint");
  const auto one = make_stream(scratch, "a", {.lengths = {300, 400}}, 2);
  const auto same = make_stream(scratch, "b", {.lengths = {300, 400}}, 2);
  const auto other = make_stream(scratch, "c", {.lengths = {300, 401}}, 2);
  EXPECT_EQ(one->slices().fingerprint, same->slices().fingerprint);
  EXPECT_NE(one->slices().fingerprint, other->slices().fingerprint);
}

TEST(StreamSource, EveryEpochHoldsEverySliceOnceOverTheLanes) {
  const ScratchFolder scratch("slices_epochs");
  const auto stream = make_stream(scratch, "s", {.lengths = std::vector<int32_t>(100, 4000)}, 3);
  const size_t count = stream->slices().slices.size();
  ASSERT_GT(count, 20u);
  std::map<int32_t, std::vector<Slice>> epochs;
  for (int64_t entry = 0; entry < 200; ++entry) {
    for (int32_t lane = 0; lane < 3; ++lane) {
      const StreamSource::Entry found = stream->entry(9, lane, entry);
      epochs[found.epoch].push_back(found.slice);
    }
  }
  const auto key = [](const Slice& a, const Slice& b) {
    return std::tie(a.shard, a.begin_sample, a.begin_token) <
           std::tie(b.shard, b.begin_sample, b.begin_token);
  };
  EXPECT_NE(epochs[0], epochs[1]);
  for (const int32_t epoch : {0, 1, 5}) {
    std::sort(epochs[epoch].begin(), epochs[epoch].end(), key);
    EXPECT_EQ(epochs[epoch], stream->slices().slices);
  }
}

TEST(StreamSource, SharesOpenShards) {
  const ScratchFolder scratch("slices_shared");
  const auto stream = make_stream(scratch, "s", {.lengths = {10}}, 1);
  EXPECT_EQ(stream->open_shard(0), stream->open_shard(0));
}

std::string failure(const StreamOptions& options, const TokenizerIdentity& tokenizer) {
  try {
    StreamSource::open(Env::posix(), "general", options, 1, tokenizer);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(StreamSource, SaysWhatIsMissing) {
  const ScratchFolder scratch("slices_errors");
  const std::string path = (scratch.path() / "s").string();
  EXPECT_THAT(failure({.path = path}, {}),
              AllOf(HasSubstr("streams.general: no token shards in " + path),
                    HasSubstr("rexbert tokenize")));
  write_stream(path, {.lengths = {10}});
  const TokenizerIdentity tokenizer{"0123", "tokenizers/demo", 0};
  EXPECT_THAT(failure({.path = path}, tokenizer),
              AllOf(HasSubstr("rexbert.json"), HasSubstr("`tokenizer: tokenizers/demo`")));
  EXPECT_THAT(failure({.path = path, .tokenizer = "other"}, tokenizer), HasSubstr("other"));
  EXPECT_EQ(failure({.path = path, .tokenizer = "tokenizers/demo"}, tokenizer), "");
  EXPECT_EQ(failure({.path = path, .tokenizer = "0123"}, tokenizer), "");
  EXPECT_THAT(failure({.path = path, .dtype = "uint15"}, {}), HasSubstr("uint15"));
}

TEST(StreamSource, RefusesShardsOfAnotherTokenizer) {
  const ScratchFolder scratch("slices_tokenizer");
  const fs::path path = scratch.path() / "s";
  write_stream(path, {.lengths = {10}});
  shard::StreamInfo info;
  info.tokenizer_fingerprint = std::string(32, 'a');
  info.vocabulary_size = 50'176;
  info.shards = {{.documents = 1, .tokens = 12}};
  info.save(Env::posix(), path);
  EXPECT_THAT(failure({.path = path.string()}, {std::string(32, 'b'), "tokenizers/demo", 50'176}),
              AllOf(HasSubstr(std::string(32, 'a')), HasSubstr(std::string(32, 'b'))));
  EXPECT_EQ(failure({.path = path.string()}, {std::string(32, 'a'), "x", 50'176}), "");
}

TEST(StreamSource, RefusesAStreamWithoutSamples) {
  const ScratchFolder scratch("slices_none");
  write_stream(scratch.path() / "s", {});
  EXPECT_THAT(failure({.path = (scratch.path() / "s").string()}, {}), HasSubstr("streams.general"));
}

}  // namespace
}  // namespace rexbert::batch
