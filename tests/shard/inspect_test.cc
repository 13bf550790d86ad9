#include "shard/shard_test_util.h"

namespace rexbert::shard {
namespace {

TEST(Inspect, RendersASample) {
  const TemporaryDirectory directory;
  const Index index =
      write_stream(directory.path(),
                   {.columns = {{"array", "ndarray"},
                                {"bytes", "bytes"},
                                {"float", "float32"},
                                {"json", "json"},
                                {"text", "str"},
                                {"whole", "uint64"}}},
                   {{tokens_of<int16_t>({-1, 2, 3, 4}), std::string("\x00\xff\x10", 3), 0.5,
                     Json{{"k", 1}}, std::string("a \"quoted\" word"), uint64_t{1} << 63}});
  const auto reader = ShardReader::open(Env::posix(), directory.path(), index.shards[0]);
  EXPECT_EQ(render_sample(*reader, 0, {.limit = 2}),
            "array  ndarray  int16[4]  -1 2 ...\n"
            "bytes  bytes  3 bytes  00 ff ...\n"
            "float  float32  0.5\n"
            "json  json  {\"k\": 1}\n"
            "text  str  \"a \\\"quoted\\\" word\"\n"
            "whole  uint64  9223372036854775808\n");
  EXPECT_THAT(render_sample(*reader, 0, {.limit = 0}),
              testing::HasSubstr("array  ndarray  int16[4]  -1 2 3 4\n"));
}

TEST(Inspect, DescribesAStream) {
  const TemporaryDirectory directory;
  write_stream(directory.path(), golden_options(), golden_samples());
  const StreamDescription stream = describe_stream(Env::posix(), directory.path());
  EXPECT_EQ(stream.shards, 1u);
  EXPECT_EQ(stream.samples, 2u);
  EXPECT_EQ(stream.raw_bytes, 1458u);
  EXPECT_EQ(stream.stored_bytes, fs::file_size(directory / "shard.00000.mds.zstd"));
  EXPECT_EQ(stream.compression, std::vector<std::string>{"zstd"});
  EXPECT_EQ(stream.size_limit, uint64_t{1} << 26);
  EXPECT_EQ(stream.info, std::nullopt);
}

TEST(Verify, ReportsEveryDamagedShard) {
  const TemporaryDirectory directory;
  WriterOptions options = golden_options("");
  options.hashes = {"xxh64"};
  options.size_limit = 1600;
  const auto samples = golden_samples();
  const Index index =
      write_stream(directory.path(), options, {samples[1], samples[1], samples[1], samples[1]});
  ASSERT_EQ(index.shards.size(), 4u);
  uint64_t last = 0;
  EXPECT_TRUE(verify_stream(Env::posix(), directory.path(), [&](uint64_t done, uint64_t total) {
                EXPECT_EQ(total, 4u);
                last = done;
              }).ok());
  EXPECT_EQ(last, 4u);
  std::string raw = read_all(directory / "shard.00001.mds");
  raw.back() ^= 1;
  write_all(directory / "shard.00001.mds", raw);
  fs::remove(directory / "shard.00002.mds");
  fs::resize_file(directory / "shard.00003.mds", 100);
  const VerifyReport report = verify_stream(Env::posix(), directory.path());
  EXPECT_EQ(report.shards, 4u);
  EXPECT_EQ(report.samples, 2u);
  EXPECT_EQ(report.tokens, std::nullopt);
  const auto at = [&](const char* file, const std::string& rest) {
    return (directory / file).string() + ": " + rest;
  };
  EXPECT_THAT(
      report.problems,
      testing::ElementsAre(
          testing::StartsWith(at("shard.00001.mds", "offset 0: xxh64 of ")),
          at("shard.00002.mds", "cannot open: No such file or directory"),
          at("shard.00003.mds",
             str_cat("offset 100: expected ", index.shards[3].raw_data.bytes, " bytes, got 100"))));
}

TEST(Verify, ComparesTheSidecar) {
  const TemporaryDirectory directory;
  StreamInfo info;
  info.tokenizer_fingerprint = "f";
  info.vocabulary_size = 60000;
  info.shards = {{2, 304}};
  info.save(Env::posix(), directory.path());
  write_stream(directory.path(), golden_options(), golden_samples());
  EXPECT_THAT(verify_stream(Env::posix(), directory.path()).problems,
              testing::ElementsAre((directory / "rexbert.json").string() +
                                   ": shards[0]: tokens: expected 303 as in the shard, got 304"));
}

TEST(Verify, ChecksBothFormsWhenBothAreThere) {
  const TemporaryDirectory directory;
  WriterOptions options = golden_options();
  options.hashes = {"md5"};
  const Index index = write_stream(directory.path(), options, golden_samples());
  const auto reader = ShardReader::open(Env::posix(), directory.path(), index.shards[0]);
  write_all(directory / "shard.00000.mds", reader->data());
  EXPECT_TRUE(verify_stream(Env::posix(), directory.path()).ok());
  std::string zip = read_all(directory / "shard.00000.mds.zstd");
  zip.back() ^= 1;
  write_all(directory / "shard.00000.mds.zstd", zip);
  const VerifyReport report = verify_stream(Env::posix(), directory.path());
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(
      report.problems[0],
      testing::StartsWith((directory / "shard.00000.mds.zstd").string() + ": offset 0: md5 of "));
}

TEST(Verify, ReportsADamagedIndexAndRefusesAMissingOne) {
  const TemporaryDirectory directory;
  EXPECT_THAT(
      error_of([&] { verify_stream(Env::posix(), directory.path()); }, ErrorCode::kNotFound),
      testing::StartsWith((directory / "index.json").string() + ": no such file"));
  write_all(directory / "index.json", "{");
  EXPECT_THAT(verify_stream(Env::posix(), directory.path()).problems,
              testing::ElementsAre(testing::StartsWith((directory / "index.json").string() +
                                                       ": line 1, column 2: not valid JSON")));
}

TEST(Verify, SaysOnceThatMuchIsDamaged) {
  const TemporaryDirectory directory;
  std::vector<std::vector<Value>> samples(50, {std::string("abc")});
  const Index index = write_stream(directory.path(), {.columns = {{"text", "str"}}}, samples);
  std::string raw = read_all(directory / "shard.00000.mds");
  uint32_t first = 0;
  std::memcpy(&first, raw.data() + 4, 4);
  for (size_t i = first + 4; i < raw.size(); i += 7) raw[i] = '\xff';
  write_all(directory / "shard.00000.mds", raw);
  const VerifyReport report = verify_stream(Env::posix(), directory.path());
  ASSERT_EQ(report.problems.size(), 21u);
  EXPECT_EQ(report.problems[20],
            (directory / "shard.00000.mds").string() + ": and 30 more problems");
  EXPECT_EQ(report.samples, 0u);
}

}  // namespace
}  // namespace rexbert::shard
