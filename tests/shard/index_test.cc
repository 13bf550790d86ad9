#include "shard/shard_test_util.h"

namespace rexbert::shard {
namespace {

// As the reference wrote it for the golden case.
constexpr std::string_view kGoldenIndex =
    R"({"shards": [{"column_encodings": ["str", "ndarray:uint32"], "column_names": ["id", "input_ids"], )"
    R"("column_sizes": [null, null], "compression": "zstd", "format": "mds", "hashes": [], )"
    R"("raw_data": {"basename": "shard.00000.mds", "bytes": 1458, "hashes": {}}, "samples": 2, )"
    R"("size_limit": 67108864, "version": 2, "zip_data": {"basename": "shard.00000.mds.zstd", )"
    R"("bytes": 739, "hashes": {}}}], "version": 2})";

Json golden_json() { return Json::parse(kGoldenIndex); }

std::string parse_error(const Json& json, ErrorCode code = ErrorCode::kCorrupt) {
  return error_of([&] { Index::parse(json.dump(), "index.json"); }, code);
}

// The golden index with one member of its shard replaced.
Json with_member(const char* key, Json value) {
  Json json = golden_json();
  json["shards"][0][key] = std::move(value);
  return json;
}

TEST(Index, DumpsTheBytesOfTheReference) {
  EXPECT_EQ(Index::parse(kGoldenIndex, "index.json").dump(), kGoldenIndex);
}

TEST(Index, CountsFromTheIndexAlone) {
  const Index index = Index::parse(kGoldenIndex, "index.json");
  EXPECT_EQ(index.samples(), 2u);
  EXPECT_EQ(index.raw_bytes(), 1458u);
  EXPECT_EQ(index.stored_bytes(), 739u);
}

TEST(Index, ReadsSizeLimitsAsTheReferenceDoes) {
  const auto limit = [](Json value) {
    return Index::parse(with_member("size_limit", std::move(value)).dump(), "")
        .shards[0]
        .size_limit;
  };
  EXPECT_EQ(limit(nullptr), std::nullopt);
  EXPECT_EQ(limit(1000), 1000u);
  EXPECT_EQ(limit("64mb"), 67108864u);
  EXPECT_EQ(limit("1.5KB"), 1536u);
  EXPECT_EQ(limit("10b"), 10u);
  EXPECT_EQ(limit("10"), 10u);
}

TEST(Index, RefusesWhatItCannotTrust) {
  Json json = golden_json();
  json["version"] = 3;
  EXPECT_EQ(parse_error(json, ErrorCode::kIncompatible),
            "index.json: expected MDS version 2, got 3");
  json = golden_json();
  json["extra"] = 1;
  EXPECT_EQ(parse_error(json), "index.json: unknown key \"extra\"");
  EXPECT_EQ(parse_error(with_member("version", 1), ErrorCode::kIncompatible),
            "index.json: shards[0]: expected MDS version 2, got 1");
  EXPECT_EQ(parse_error(with_member("format", "csv"), ErrorCode::kIncompatible),
            "index.json: shards[0]: expected format \"mds\", got \"csv\"");
  EXPECT_EQ(parse_error(with_member("colour", "red")),
            "index.json: shards[0]: unknown key \"colour\"");
  EXPECT_EQ(parse_error(with_member("samples", -1)),
            "index.json: shards[0]: samples: expected a count, got -1");
  EXPECT_EQ(parse_error(with_member("size_limit", "64 stones")),
            "index.json: shards[0]: size_limit: expected null or a size such as 67108864 or "
            "\"64mb\", got \"64 stones\"");
  EXPECT_EQ(parse_error(with_member("column_sizes", Json::array({8, nullptr}))),
            "index.json: shards[0]: column \"id\": expected size null as encoding \"str\" has, "
            "got 8");
  EXPECT_EQ(parse_error(with_member("column_names", Json::array({"input_ids", "id"}))),
            "index.json: shards[0]: column \"id\": expected column_names sorted and each once");
  EXPECT_EQ(parse_error(with_member("column_names", Json::array({"id"}))),
            "index.json: shards[0]: expected as many column_encodings and column_sizes as "
            "column_names (1), got 2 and 2");
  EXPECT_EQ(parse_error(with_member("hashes", Json::array({"crc7"})), ErrorCode::kIncompatible),
            "index.json: shards[0]: hashes: unknown algorithm \"crc7\"");
  EXPECT_EQ(parse_error(with_member("compression", nullptr)),
            "index.json: shards[0]: expected zip_data null without compression");
}

TEST(Index, RefusesFileNamesThatLeaveTheDirectory) {
  for (const char* name :
       {"../shard.00000.mds", "/etc/passwd", "a//b", "a/../../b", "", ".", "a/"}) {
    Json json = golden_json();
    json["shards"][0]["raw_data"]["basename"] = name;
    EXPECT_EQ(parse_error(json),
              str_cat("index.json: shards[0]: raw_data: expected a file name inside the directory, "
                      "got ",
                      str_quote(name)));
  }
}

TEST(Index, MissingIndexSaysWhatIsExpected) {
  const TemporaryDirectory directory;
  EXPECT_EQ(
      error_of([&] { Index::load(Env::posix(), directory.path()); }, ErrorCode::kNotFound),
      (directory / "index.json").string() +
          ": no such file: expected a finished stream of shards, whose index is written last");
}

TEST(Index, MergesPartitionsInOrder) {
  const TemporaryDirectory root;
  write_stream(root / "part-1", golden_options(""), golden_samples());
  write_stream(root / "part-0", golden_options(""), {golden_samples()[1]});
  const Index merged = Index::merge(Env::posix(), root.path(), {"part-0", "part-1"});
  ASSERT_EQ(merged.shards.size(), 2u);
  EXPECT_EQ(merged.shards[0].raw_data.basename, "part-0/shard.00000.mds");
  EXPECT_EQ(merged.shards[1].raw_data.basename, "part-1/shard.00000.mds");
  merged.save(Env::posix(), root.path());
  EXPECT_EQ(Index::load(Env::posix(), root.path()), merged);
  const auto stream = TokenStream::open(Env::posix(), root.path());
  EXPECT_EQ(stream.open_shard(0)->tokens() + stream.open_shard(1)->tokens(), 603u);
}

TEST(Index, MergeRefusesOtherColumnsAndEscapes) {
  const TemporaryDirectory root;
  write_stream(root / "a", golden_options(""), golden_samples());
  write_stream(root / "b", {.columns = {{"x", "int"}}}, {{int64_t{1}}});
  EXPECT_EQ(error_of([&] { Index::merge(Env::posix(), root.path(), {"a", "b"}); },
                     ErrorCode::kIncompatible),
            (root / "b/index.json").string() + ": expected the columns of a, got others");
  EXPECT_EQ(
      error_of([&] { Index::merge(Env::posix(), root.path(), {"../a"}); }, ErrorCode::kCorrupt),
      root.path().string() + ": expected a file name inside the directory, got \"../a\"");
}

}  // namespace
}  // namespace rexbert::shard
