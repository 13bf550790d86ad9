#include "rexbert/batch/loader_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "rexbert/core/error.h"

namespace rexbert::batch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LoaderState example() {
  LoaderState state{
      .next_step = 7, .seed = ~uint64_t{0}, .lanes = 4, .window_rows = 64, .streams = {}};
  state.streams["general"].fingerprint = "00112233aabbccdd";
  state.streams["general"].lanes[1] = {
      int64_t{1} << 40, {{1, 2, 3, 4, 500}, {1, 2, 4, 1, 9}}, {{1024, 12}, {8192, 1}}};
  state.streams["general"].lanes[3] = {};
  state.streams["e\"commerce"].fingerprint = "x";
  const SliceTable slices{.slices = {{0, 0, 0, 4, 20}, {0, 4, 20, 9, 0}, {2, 0, 0, 5, 0}},
                          .tokens = 90,
                          .fingerprint = "x",
                          .offset_hashes = {{0, 7}, {2, ~uint64_t{0}}}};
  state.streams["e\"commerce"].slices = std::make_shared<const SliceTable>(slices);
  return state;
}

std::string failure(const std::string& text) {
  try {
    LoaderState::parse(text, "loader.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(LoaderState, RoundTrips) {
  const LoaderState state = example();
  const LoaderState again = LoaderState::parse(state.dump(), "loader.json");
  EXPECT_EQ(again, state);
  EXPECT_EQ(again.dump(), state.dump());
  const SliceTable& expected = *state.streams.at("e\"commerce").slices;
  const SliceTable& got = *again.streams.at("e\"commerce").slices;
  EXPECT_EQ(got.slices, expected.slices);
  EXPECT_EQ(got.fingerprint, expected.fingerprint);
  EXPECT_EQ(got.tokens, expected.tokens);
  EXPECT_EQ(got.offset_hashes, expected.offset_hashes);
}

TEST(LoaderState, FormatIsAsDocumented) {
  EXPECT_EQ(
      example().dump(),
      R"({"lanes":4,"next_step":7,"seed":18446744073709551615,"streams":{)"
      R"("e\"commerce":{"cursors":[],"fingerprint":"x","slices":{)"
      R"("shards":[[0,7,4,20,9,0],[2,18446744073709551615,5,0]],"tokens":90}},)"
      R"("general":{"cursors":[[1,1099511627776,[[1,2,3,4,500],[1,2,4,1,9]],[[1024,12],[8192,1]]],)"
      R"([3,0,[],[]]],"fingerprint":"00112233aabbccdd"}},"version":2,"window_rows":64})");
}

TEST(LoaderState, ReadsTheFirstVersion) {
  const std::string text = example().cursors().dump();
  EXPECT_EQ(LoaderState::parse(replaced(text, "\"version\":2", "\"version\":1"), "x"), example());
}

TEST(LoaderState, RefusesDamage) {
  const std::string good = example().dump();
  EXPECT_THAT(failure(replaced(good, "\"version\":2", "\"version\":3")),
              HasSubstr("a version from 1 to 2, got 3"));
  EXPECT_THAT(failure(good.substr(0, 100)), HasSubstr("loader.json"));
  EXPECT_THAT(failure(replaced(good, "\"lanes\":4", "\"lanes\":2")), HasSubstr("lane 3 of 2"));
  EXPECT_THAT(failure(replaced(good, "[3,0,", "[1,0,")), HasSubstr("lane 1 twice"));
  EXPECT_THAT(failure(replaced(good, "[3,0,", "[3,-1,")), HasSubstr("[3,-1]"));
  EXPECT_THAT(failure(replaced(good, "[1,2,3,4,500]", "[1,2,3,500,4]")), HasSubstr("empty"));
  EXPECT_THAT(failure(replaced(good, "[1,2,3,4,500]", "[1,2,3,500]")),
              HasSubstr("5 whole numbers"));
  EXPECT_THAT(failure(replaced(good, "[1,2,3,4,500]", "[1,2,3,4,4294967296]")), HasSubstr("2^31"));
  EXPECT_THAT(failure(replaced(good, "[8192,1]", "[8192]")), HasSubstr("a take"));
  EXPECT_THAT(failure(replaced(good, "\"seed\":18446744073709551615,", "")), HasSubstr("seed"));
  EXPECT_THAT(failure(replaced(good, "[0,7,4,20,9,0]", "[0,7,4,20,9]")),
              HasSubstr("end sample, end token"));
  EXPECT_THAT(failure(replaced(good, "[0,7,4,20,9,0]", "[0,7,4,-20,9,0]")),
              HasSubstr("the ends of slices"));
  EXPECT_THAT(failure(replaced(good, "[0,7,4,20,9,0]", "[0,\"7\",4,20,9,0]")),
              HasSubstr("[shard, hash"));
  EXPECT_THAT(failure(replaced(good, "\"tokens\":90", "\"tokens\":90,\"x\":1")),
              HasSubstr("tokens and shards"));
  EXPECT_THAT(failure(replaced(good, "\"version\":2", "\"version\":2,\"x\":1")),
              HasSubstr("six keys"));
}

TEST(LoaderState, MergesRanks) {
  const LoaderState whole = example();
  LoaderState first = whole;
  LoaderState second = whole;
  first.streams["general"].lanes.erase(3);
  second.streams["general"].lanes.erase(1);
  first.streams["e\"commerce"].slices = nullptr;
  EXPECT_EQ(LoaderState::merge({first, second}), whole);
  EXPECT_EQ(LoaderState::merge({first, second}).dump(), whole.dump());
  EXPECT_EQ(LoaderState::merge({second, first}), whole);
  EXPECT_THROW(LoaderState::merge({}), Error);
  EXPECT_THROW(LoaderState::merge({first, first}), Error);
  ++second.next_step;
  EXPECT_THROW(LoaderState::merge({first, second}), Error);
}

TEST(LoaderState, CursorsAreAllButTheSlices) {
  EXPECT_EQ(example().cursors(), example());
  EXPECT_THAT(example().cursors().dump(), Not(HasSubstr("slices")));
}

TEST(LoaderState, SummaryNamesTheSlowestAndFastestLane) {
  EXPECT_EQ(example().summary().dump(), R"({"general":[0,1099511627776]})");
}

}  // namespace
}  // namespace rexbert::batch
