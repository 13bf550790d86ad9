#include "shard/shard_test_util.h"

namespace rexbert::shard {
namespace {

StreamInfo example() {
  StreamInfo info;
  info.tokenizer_fingerprint = "0123456789abcdef";
  info.vocabulary_size = 8192;
  info.shards = {{2, 303}, {1, 10}};
  info.source = {{"inputs", {"a.jsonl"}}, {"holdout", 0.02}};
  return info;
}

std::string parse_error(const char* key, Json value, ErrorCode code = ErrorCode::kCorrupt) {
  Json json = Json::parse(example().dump());
  json[key] = std::move(value);
  return error_of([&] { StreamInfo::parse(json.dump(), "rexbert.json"); }, code);
}

TEST(StreamInfo, SavesAndLoads) {
  const TemporaryDirectory directory;
  EXPECT_EQ(StreamInfo::load(Env::posix(), directory.path()), std::nullopt);
  example().save(Env::posix(), directory.path());
  EXPECT_EQ(StreamInfo::load(Env::posix(), directory.path()), example());
  EXPECT_EQ(example().documents(), 3u);
  EXPECT_EQ(example().tokens(), 313u);
}

TEST(StreamInfo, RefusesWhatDoesNotAddUp) {
  EXPECT_EQ(parse_error("version", 2, ErrorCode::kIncompatible),
            "rexbert.json: expected version 1, got 2");
  EXPECT_EQ(parse_error("tokens", 312),
            "rexbert.json: tokens: expected 313 as the shards' counts add up to, got 312");
  EXPECT_EQ(parse_error("documents", 4),
            "rexbert.json: documents: expected 3 as the shards' counts add up to, got 4");
  EXPECT_EQ(parse_error("vocabulary_size", 0),
            "rexbert.json: vocabulary_size: expected 1 to 2^31 - 1, got 0");
  EXPECT_EQ(parse_error("wrapped", "yes"), "rexbert.json: wrapped: unexpected type string");
  EXPECT_EQ(parse_error("colour", 1), "rexbert.json: unknown key \"colour\"");
}

TEST(StreamInfo, MustAgreeWithTheIndex) {
  const TemporaryDirectory directory;
  const Index index = write_stream(directory.path(), golden_options(), golden_samples());
  StreamInfo info = example();
  EXPECT_EQ(error_of([&] { info.check_against(index, "rexbert.json"); }, ErrorCode::kCorrupt),
            "rexbert.json: shards: expected 1 as in the index, got 2");
  info.shards = {{3, 303}};
  info.save(Env::posix(), directory.path());
  EXPECT_EQ(
      error_of([&] { TokenStream::open(Env::posix(), directory.path()); }, ErrorCode::kCorrupt),
      (directory / "rexbert.json").string() +
          ": shards[0]: documents: expected 2 as in the index, got 3");
}

TEST(StreamInfo, MergesPartsOfOneTokenizer) {
  StreamInfo other = example();
  other.shards = {{5, 50}};
  const StreamInfo merged = StreamInfo::merge({example(), other}, {"a", "b"});
  EXPECT_EQ(merged.shards, (std::vector<StreamInfo::Shard>{{2, 303}, {1, 10}, {5, 50}}));
  other.tokenizer_fingerprint = "ffff";
  EXPECT_EQ(error_of([&] { StreamInfo::merge({example(), other}, {"a", "b"}); },
                     ErrorCode::kIncompatible),
            "b: tokenizer_fingerprint: expected 0123456789abcdef as in a, got ffff");
}

}  // namespace
}  // namespace rexbert::shard
