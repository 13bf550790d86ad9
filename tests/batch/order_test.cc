#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "batch/made_stream.h"
#include "rexbert/batch/lane_reader.h"
#include "rexbert/core/error.h"

namespace rexbert::batch {
namespace {

using ::testing::HasSubstr;

constexpr OrderOptions kOrder{.seed = 17, .window_rows = 16};

struct Lengths {
  std::string name;
  std::vector<int32_t> lengths;
};

std::vector<Lengths> nasty_lengths() {
  std::vector<int32_t> powers;
  for (int i = 0; i < 1200; ++i) powers.push_back(1 << (i % 12));
  std::vector<int32_t> gaps(3000, 0);
  for (size_t i = 0; i < gaps.size(); i += 7) gaps[i] = 200;
  return {{"all 600", std::vector<int32_t>(800, 600)},
          {"all 1", std::vector<int32_t>(60'000, 1)},
          {"powers", powers},
          {"one huge", {400'000}},
          {"mostly empty", gaps},
          {"skewed", skewed_lengths(1500, 5, 3000, 3)}};
}

int64_t total(const std::vector<int32_t>& lengths) {
  return std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
}

// Places of content tokens by epoch, counted.
using Places = std::map<std::pair<int32_t, int32_t>, std::vector<std::pair<int32_t, int32_t>>>;

// Adds the content ranges of a batch's sequences that are of `epoch`.
void collect(const PackedBatch& batch, int32_t epoch, Places& places) {
  for (size_t s = 0; s < batch.sample_S.size(); ++s) {
    const SampleId& id = batch.sample_S[s];
    const int32_t content = batch.offsets_S1[s + 1] - batch.offsets_S1[s] - kChunkOverhead;
    if (id.epoch == epoch) {
      places[{id.shard, id.sample}].emplace_back(id.token, id.token + content);
    }
  }
}

void expect_well_formed(const PackedBatch& batch) {
  ASSERT_EQ(batch.offsets_S1.size(), batch.sample_S.size() + 1);
  ASSERT_EQ(batch.offsets_S1.back(), static_cast<int32_t>(batch.tokens_T.size()));
  int32_t longest = 0;
  for (size_t s = 0; s < batch.sample_S.size(); ++s) {
    const auto begin = static_cast<size_t>(batch.offsets_S1[s]);
    const auto end = static_cast<size_t>(batch.offsets_S1[s + 1]);
    ASSERT_GE(end - begin, 3u);
    ASSERT_EQ(batch.tokens_T[begin], tokenizer::kClsId);
    ASSERT_EQ(batch.tokens_T[end - 1], tokenizer::kSepId);
    for (size_t t = begin; t < end; ++t) {
      ASSERT_EQ(batch.positions_T[t], static_cast<int32_t>(t - begin));
    }
    longest = std::max(longest, static_cast<int32_t>(end - begin));
  }
  EXPECT_EQ(batch.longest, longest);
}

// Those of the tokenizer, not ours: [CLS] and [SEP] of a byte-level BPE are far behind.
TEST(LaneReader, MarksDocumentsWithTheIdsOfTheTokenizer) {
  const ScratchFolder scratch("order_marks");
  write_stream(scratch.path() / "s", {.lengths = {3}});
  TokenizerIdentity tokenizer;
  tokenizer.cls_id = 50'281;
  tokenizer.sep_id = made_token(0, 2);
  const auto source = StreamSource::open(Env::posix(), "s",
                                         {.path = (scratch.path() / "s").string()}, 1, tokenizer);
  LaneReader reader(source, 0, kOrder);
  PackedBatch batch;
  reader.append_row(16, 0, 0, batch);
  // The stored sample is kClsId, three tokens, kSepId; neither end is one of these two.
  const std::vector<int32_t> expected = {50'281,           tokenizer::kClsId, made_token(0, 0),
                                         made_token(0, 1), made_token(0, 2),  tokenizer::kSepId,
                                         tokenizer.sep_id};
  ASSERT_GE(batch.tokens_T.size(), expected.size());
  EXPECT_EQ(std::vector<int32_t>(batch.tokens_T.begin(),
                                 batch.tokens_T.begin() + static_cast<int64_t>(expected.size())),
            expected);
}

TEST(LaneReader, AnEpochIsEveryTokenOnceAndRowsAreFull) {
  const ScratchFolder scratch("order_epoch");
  constexpr int32_t kLanes = 3;
  constexpr int32_t kContext = 512;
  for (const Lengths& kind : nasty_lengths()) {
    SCOPED_TRACE(kind.name);
    const auto source = make_stream(scratch, kind.name, {.lengths = kind.lengths}, kLanes);
    Places places;
    int64_t rows = 0;
    int64_t tokens = 0;
    const int64_t lane_rows = 2 * total(kind.lengths) / kContext / kLanes + 200;
    for (int32_t lane = 0; lane < kLanes; ++lane) {
      LaneReader reader(source, lane, kOrder);
      PackedBatch batch;
      // Twice the tokens, which an epoch has been through; "all 1" has three tokens for each.
      for (int64_t row = 0; row < lane_rows * (kind.name == "all 1" ? 3 : 1); ++row) {
        reader.append_row(kContext, 0, row, batch);
      }
      expect_well_formed(batch);
      EXPECT_GT(batch.sample_S.back().epoch, 0);
      rows += batch.row_S.back() + 1;
      tokens += batch.tokens();
      collect(batch, 0, places);
    }
    EXPECT_GE(static_cast<double>(tokens) / static_cast<double>(rows * kContext), 0.99);
    int64_t seen = 0;
    for (auto& [sample, ranges] : places) {
      std::sort(ranges.begin(), ranges.end());
      for (size_t i = 1; i < ranges.size(); ++i) {
        ASSERT_EQ(ranges[i].first, ranges[i - 1].second);
      }
      ASSERT_EQ(ranges.front().first, 1);
      seen += ranges.back().second - 1;
    }
    EXPECT_EQ(seen, total(kind.lengths));
  }
}

TEST(LaneReader, TokensAreThoseOfTheirPlaces) {
  const ScratchFolder scratch("order_tokens");
  for (const bool wrapped : {true, false}) {
    const MadeStream made{.lengths = skewed_lengths(500, 1, 3000, 5), .wrapped = wrapped};
    const auto source = make_stream(scratch, wrapped ? "wrapped" : "bare", made, 2);
    std::vector<uint64_t> first_document = {0};
    for (size_t i = 0; i < source->tokens().shards(); ++i) {
      first_document.push_back(first_document.back() + source->tokens().samples(i));
    }
    LaneReader reader(source, 1, kOrder);
    PackedBatch batch;
    for (int64_t row = 0; row < 300; ++row) reader.append_row(1024, 2, row, batch);
    expect_well_formed(batch);
    for (size_t s = 0; s < batch.sample_S.size(); ++s) {
      const SampleId& id = batch.sample_S[s];
      const size_t document =
          first_document[static_cast<size_t>(id.shard)] + static_cast<size_t>(id.sample);
      ASSERT_EQ(id.stream, 2);
      for (int32_t t = batch.offsets_S1[s] + 1; t < batch.offsets_S1[s + 1] - 1; ++t) {
        const int32_t place = id.token - (wrapped ? 1 : 0) + t - batch.offsets_S1[s] - 1;
        ASSERT_EQ(batch.tokens_T[static_cast<size_t>(t)], made_token(document, place));
      }
    }
  }
}

TEST(LaneReader, RowsStartWhereTheySay) {
  const ScratchFolder scratch("order_rows");
  const auto source = make_stream(scratch, "s", {.lengths = skewed_lengths(300, 1, 900, 5)}, 1);
  LaneReader reader(source, 0, kOrder);
  PackedBatch batch;
  for (int64_t row = 0; row < 50; ++row) reader.append_row(512, 0, 1000 + row, batch);
  int32_t row_begin = 0;
  for (size_t s = 0; s < batch.row_S.size(); ++s) {
    if (s == 0 || batch.row_S[s] != batch.row_S[s - 1]) row_begin = batch.offsets_S1[s];
    ASSERT_EQ(batch.row_start_S[s], batch.offsets_S1[s] - row_begin);
  }
  EXPECT_EQ(batch.row_S.front(), 1000);
  EXPECT_EQ(batch.row_S.back(), 1049);
}

TEST(LaneReader, TinyStreamsWrapAround) {
  const ScratchFolder scratch("order_tiny");
  constexpr int32_t kLanes = 7;  // more than documents
  for (const Lengths& kind : std::vector<Lengths>{
           {"one token", {1}}, {"two documents", {30, 50}}, {"less than a row", {300}}}) {
    const auto source = make_stream(scratch, kind.name, {.lengths = kind.lengths}, kLanes);
    for (int32_t lane = 0; lane < kLanes; ++lane) {
      LaneReader reader(source, lane, kOrder);
      PackedBatch batch;
      for (int64_t row = 0; row < 10; ++row) reader.append_row(1024, 0, row, batch);
      EXPECT_GE(batch.tokens(), 10 * (1024 - allowed_hole(1024)));
      EXPECT_GT(batch.sample_S.back().epoch, 0);
    }
  }
}

TEST(LaneReader, OnlyEmptyDocumentsAreAnError) {
  const ScratchFolder scratch("order_empty");
  const auto source = make_stream(scratch, "blank", {.lengths = {0, 0, 0}}, 2);
  LaneReader reader(source, 1, kOrder);
  PackedBatch batch;
  try {
    reader.append_row(1024, 0, 0, batch);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("stream blank, lane 1"), HasSubstr("every sample")));
  }
}

TEST(LaneReader, ALongerContextMakesDocumentsWholeAgain) {
  const ScratchFolder scratch("order_longer");
  const auto source = make_stream(scratch, "s", {.lengths = std::vector<int32_t>(40, 8000)}, 1);
  LaneReader reader(source, 0, {.seed = 1, .window_rows = 64});
  PackedBatch shorter;
  reader.append_row(512, 0, 0, shorter);
  EXPECT_EQ(shorter.longest, 512);
  PackedBatch longer;
  for (int64_t row = 1; row < 3; ++row) reader.append_row(4096, 0, row, longer);
  EXPECT_EQ(reader.cursor().first_entry, 0);
  EXPECT_EQ(reader.cursor().takes.size(), 2u);
  EXPECT_GT(longer.longest, 3500);
}

TEST(LaneReader, CarryStaysBelowARow) {
  const ScratchFolder scratch("order_carry");
  const auto source = make_stream(scratch, "s", {.lengths = skewed_lengths(3000, 5, 900, 2)}, 2);
  LaneReader reader(source, 0, kOrder);
  PackedBatch batch;
  for (int64_t row = 0; row < 500; ++row) {
    reader.append_row(512, 0, row, batch);
    int64_t carried = 0;
    for (const TokenRange& range : reader.cursor().carry)
      carried += range.tokens() + kChunkOverhead;
    ASSERT_LT(carried, 512);
  }
  EXPECT_GT(reader.cursor().first_entry, 4);
}

// Continuing from the cursor after any row gives the rows that an unbroken reader gives, also where
// the context length changed in the middle of a window, more than once.
TEST(LaneReaderResume, GoesOnFromEveryRow) {
  const ScratchFolder scratch("order_resume");
  for (const Lengths& kind : nasty_lengths()) {
    SCOPED_TRACE(kind.name);
    const auto source = make_stream(scratch, kind.name, {.lengths = kind.lengths}, 2);
    const auto context_at = [](int64_t row) { return row < 40 ? 256 : row < 45 ? 2048 : 300; };
    constexpr int64_t kRows = 90;
    LaneReader unbroken(source, 1, kOrder);
    std::vector<LaneCursor> cursors = {{}};
    std::vector<PackedBatch> rows(kRows);
    size_t most_takes = 0;
    for (int64_t row = 0; row < kRows; ++row) {
      unbroken.append_row(context_at(row), 0, row, rows[static_cast<size_t>(row)]);
      cursors.push_back(unbroken.cursor());
      most_takes = std::max(most_takes, unbroken.cursor().takes.size());
    }
    EXPECT_GT(most_takes, 1u);
    for (int64_t row = 0; row < kRows; ++row) {
      LaneReader resumed(source, 1, kOrder, cursors[static_cast<size_t>(row)]);
      for (int64_t i = row; i < std::min(row + 6, kRows); ++i) {
        PackedBatch batch;
        resumed.append_row(context_at(i), 0, i, batch);
        const PackedBatch& expected = rows[static_cast<size_t>(i)];
        ASSERT_EQ(batch.tokens_T, expected.tokens_T) << row << " " << i;
        ASSERT_EQ(batch.sample_S, expected.sample_S);
        ASSERT_EQ(resumed.cursor(), cursors[static_cast<size_t>(i) + 1]);
      }
    }
  }
}

TEST(LaneReaderResume, RefusesACursorOfOtherData) {
  const ScratchFolder scratch("order_refuse");
  const auto source = make_stream(scratch, "s", {.lengths = {500, 600}}, 1);
  const auto failure = [&](LaneCursor cursor) -> std::string {
    try {
      LaneReader reader(source, 0, kOrder, std::move(cursor));
      PackedBatch batch;
      reader.append_row(512, 0, 0, batch);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(failure({.carry = {{0, 0, 1, 1, 601}}}), "");
  EXPECT_THAT(failure({.carry = {{0, 0, 1, 1, 700}}}), HasSubstr("stream s, lane 0"));
  EXPECT_THAT(failure({.carry = {{0, 0, 2, 1, 10}}}), HasSubstr("sample 2"));
  EXPECT_THAT(failure({.carry = {{0, 9, 0, 1, 10}}}), HasSubstr("shard 9"));
  EXPECT_THAT(failure({.takes = {{512, 100'000}}}), HasSubstr("100000 rows of 512"));
}

}  // namespace
}  // namespace rexbert::batch
