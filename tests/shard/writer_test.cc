#include "rexbert/core/compression.h"
#include "rexbert/core/hash.h"
#include "shard/shard_test_util.h"

namespace rexbert::shard {
namespace {

TEST(MdsWriter, GoldenCase) {
  const TemporaryDirectory directory;
  const Index index = write_stream(directory.path(), golden_options(), golden_samples());
  ASSERT_EQ(index.shards.size(), 1u);
  const std::string raw =
      decompress(Compression::kZstd, read_all(directory / "shard.00000.mds.zstd"), 1458, "golden");
  EXPECT_EQ(hash_hex("sha256", raw),
            "a35f24fd86893d86da046cbfef64a3a78b326e01b127e3a5163085c11c67bf00");
  EXPECT_EQ(raw.substr(0, 16), std::string("\x02\0\0\0\xde\0\0\0\xf5\0\0\0\xb2\x05\0\0", 16));
  EXPECT_EQ(raw.substr(222, 23),
            std::string("\x01\0\0\0\x0e\0\0\0a\x04\x03\x69\xc4\0\0\x07\0\0\0\x6a\xc4\0\0", 23));
  EXPECT_FALSE(fs::exists(directory / "shard.00000.mds"));
}

TEST(MdsWriter, ValuesFollowTheCallersColumnOrder) {
  const TemporaryDirectory directory;
  const Index index = write_stream(directory.path(), {.columns = {{"z", "str"}, {"a", "int"}}},
                                   {{std::string("last"), int64_t{5}}});
  const auto reader = ShardReader::open(Env::posix(), directory.path(), index.shards[0]);
  EXPECT_EQ(reader->info().columns[0], (Column{"a", "int", 8}));
  EXPECT_EQ(reader->value(0, 0), Value(int64_t{5}));
  EXPECT_EQ(reader->value(0, 1), Value(std::string("last")));
}

TEST(MdsWriter, ClosesAShardBeforeItPassesTheLimit) {
  const TemporaryDirectory directory;
  WriterOptions options{.columns = {{"x", "int"}}, .size_limit = 300};
  MdsWriter writer(Env::posix(), directory.path(), options);
  const uint64_t empty = writer.pending_bytes();
  const uint64_t fit = (300 - empty) / 12;
  ASSERT_GE(fit, 2u);
  for (uint64_t i = 0; i < fit; ++i) {
    EXPECT_FALSE(writer.write(std::vector<Value>{static_cast<int64_t>(i)}));
  }
  EXPECT_EQ(writer.pending_samples(), fit);
  EXPECT_TRUE(writer.write(std::vector<Value>{int64_t{99}}));
  EXPECT_EQ(writer.shards().size(), 1u);
  EXPECT_EQ(writer.pending_samples(), 1u);
  const Index index = writer.finish();
  EXPECT_EQ(index.shards[0].raw_data.bytes, empty + 12 * fit);
  EXPECT_EQ(index.shards[1].samples, 1u);
}

TEST(MdsWriter, PublishesAnEmptyShardBeforeAnOversizedFirstSample) {
  const TemporaryDirectory directory;
  const Index index =
      write_stream(directory.path(), {.columns = {{"text", "str"}}, .size_limit = 64},
                   {{std::string(100, 'x')}, {std::string("y")}});
  ASSERT_EQ(index.shards.size(), 3u);
  EXPECT_EQ(index.shards[0].samples, 0u);
  EXPECT_EQ(index.shards[1].samples, 1u);
  const auto reader = ShardReader::open(Env::posix(), directory.path(), index.shards[0]);
  EXPECT_EQ(reader->samples(), 0u);
  EXPECT_TRUE(verify_stream(Env::posix(), directory.path()).ok());
}

TEST(MdsWriter, WritesEveryCompressionAndHash) {
  for (const char* compression : {"", "zstd:7", "gz", "bz2:1", "br:4", "snappy"}) {
    const TemporaryDirectory directory;
    WriterOptions options = golden_options(compression);
    options.hashes = {"sha1", "xxh64"};
    const Index index = write_stream(directory.path(), options, golden_samples());
    EXPECT_EQ(Index::load(Env::posix(), directory.path()), index) << compression;
    const auto reader =
        ShardReader::open(Env::posix(), directory.path(), index.shards[0], {.verify_hashes = true});
    EXPECT_EQ(reader->value(0, 1), golden_samples()[0][1]) << compression;
    EXPECT_EQ(read_offsets(Env::posix(), directory.path(), index.shards[0]),
              (std::vector<uint32_t>{reader->offset(0), reader->offset(1), reader->offset(2)}));
    const VerifyReport report = verify_stream(Env::posix(), directory.path());
    EXPECT_THAT(report.problems, testing::IsEmpty()) << compression;
    EXPECT_EQ(report.tokens, 303u);
  }
}

TEST(MdsWriter, RefusesOptionsAndValues) {
  const TemporaryDirectory directory;
  const auto refused = [&](const WriterOptions& options, ErrorCode code = ErrorCode::kUsage) {
    return error_of([&] { MdsWriter(Env::posix(), directory / "x", options); }, code);
  };
  const std::string at = (directory / "x").string();
  EXPECT_EQ(refused({}), at + ": expected at least one column, got none");
  EXPECT_EQ(refused({.columns = {{"a", "int"}, {"a", "str"}}}), at + ": column \"a\": given twice");
  EXPECT_EQ(refused({.columns = {{"a", "pkl"}}}, ErrorCode::kIncompatible),
            at +
                ": column \"a\": encoding \"pkl\": refused: reading a pickle can run any code that "
                "it holds");
  EXPECT_EQ(refused({.columns = {{"a", "int", 4}}}),
            at + ": column \"a\": size 4 is not that of encoding \"int\"");
  EXPECT_EQ(refused({.columns = {{"a", "int"}}, .hashes = {"sha1", "md5"}}),
            at + ": hashes: expected sorted names, each once");
  EXPECT_EQ(refused({.columns = {{"a", "int"}}, .size_limit = uint64_t{1} << 32}),
            at + ": size_limit: expected 1 to 4294967295 bytes, got 4294967296");
  MdsWriter writer(Env::posix(), directory / "y", golden_options());
  const std::vector<Value> wrong = {std::string("a"), tokens_of<uint16_t>({1})};
  EXPECT_EQ(error_of([&] { writer.write(wrong); }, ErrorCode::kUsage),
            "column \"input_ids\": expected an array of uint32, got one of uint16");
  EXPECT_EQ(
      error_of([&] { writer.write(std::vector<Value>{std::string("a")}); }, ErrorCode::kUsage),
      "expected 2 values, got 1");
  EXPECT_EQ(writer.pending_samples(), 0u);
  for (const auto& sample : golden_samples()) writer.write(sample);
  writer.finish();
  EXPECT_EQ(error_of([&] { MdsWriter(Env::posix(), directory / "y", golden_options()); },
                     ErrorCode::kUsage),
            (directory / "y/index.json").string() +
                ": expected no finished stream here; remove the directory or choose another");
}

TEST(MdsWriter, ContinuesAfterFinishedShards) {
  const TemporaryDirectory root;
  WriterOptions options = golden_options();
  options.size_limit = 2000;
  options.hashes = {"md5"};
  std::vector<std::vector<Value>> samples;
  for (uint32_t i = 1; i < 60; ++i) {
    // Every tenth is larger than a shard may be.
    samples.push_back(
        {str_cat("doc-", i), tokens_of(std::vector<uint32_t>(i % 10 == 0 ? 900 : i, i))});
  }
  write_stream(root / "whole", options, samples);
  for (size_t stop = 0; stop <= samples.size(); ++stop) {
    const fs::path directory = root / str_cat("stopped-", stop);
    MdsWriter first(Env::posix(), directory, options);
    for (size_t i = 0; i < stop; ++i) first.write(samples[i]);
    const auto journal = first.shards();
    ASSERT_EQ(published_shards(Env::posix(), directory, options), journal);
    MdsWriter second(Env::posix(), directory, options, journal);
    uint64_t done = 0;
    for (const ShardInfo& info : journal) done += info.samples;
    for (size_t i = done; i < samples.size(); ++i) second.write(samples[i]);
    second.finish();
    ASSERT_EQ(contents_of(directory), contents_of(root / "whole")) << stop;
  }
}

TEST(MdsWriter, RefusesToContinueWithOtherOptions) {
  const TemporaryDirectory root;
  const Index index = write_stream(root / "a", golden_options(""), golden_samples());
  WriterOptions other = golden_options("");
  other.columns[1].encoding = "ndarray:uint16";
  EXPECT_THAT(error_of([&] { MdsWriter(Env::posix(), root / "b", other, index.shards); },
                       ErrorCode::kIncompatible),
              testing::HasSubstr("shard.00000.mds: expected shard 0 with the columns and options"));
  EXPECT_THAT(
      error_of([&] { published_shards(Env::posix(), root / "a", other); }, ErrorCode::kCorrupt),
      testing::HasSubstr("column_encodings: expected [\"str\",\"ndarray:uint16\"] as in "
                         "the index, got [\"str\",\"ndarray:uint32\"]"));
}

}  // namespace
}  // namespace rexbert::shard
