#include <thread>

#include "shard/shard_test_util.h"

namespace rexbert::shard {
namespace {

std::vector<int32_t> copied(const TokenShard& shard, uint64_t sample) {
  std::vector<int32_t> out(shard.length(sample));
  shard.copy(sample, 0, shard.length(sample), out.data());
  return out;
}

std::vector<int32_t> counting(int32_t first, int32_t count) {
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < count; ++i) ids.push_back(first + i);
  return ids;
}

template <class T>
NdArray array_of(const std::vector<int32_t>& ids) {
  const std::vector<T> typed(ids.begin(), ids.end());
  return NdArray::from(std::span<const T>(typed));
}

NdArray array_of(DType dtype, const std::vector<int32_t>& ids) {
  if (dtype == DType::kUint16) return array_of<uint16_t>(ids);
  if (dtype == DType::kUint32) return array_of<uint32_t>(ids);
  if (dtype == DType::kInt32) return array_of<int32_t>(ids);
  return array_of<int64_t>(ids);
}

constexpr DType kTokenTypes[] = {DType::kUint16, DType::kUint32, DType::kInt32, DType::kInt64};

TEST(TokenStream, ReadsEveryKindOfTokenColumn) {
  for (const DType dtype : kTokenTypes) {
    const std::string name(dtype_name(dtype));
    for (const std::string& encoding : {std::string("ndarray"), "ndarray:" + name,
                                        "ndarray:" + name + ":37", std::string("bytes")}) {
      for (const char* compression : {"", "zstd"}) {
        SCOPED_TRACE(encoding + " " + compression);
        const TemporaryDirectory directory;
        const WriterOptions options{
            .columns = {{"id", "str"}, {"input_ids", encoding}, {"len", "int"}},
            .compression = compression,
            .size_limit = 700};
        std::vector<std::vector<Value>> samples;
        for (int32_t i = 0; i < 20; ++i) {
          const NdArray array = array_of(dtype, counting(i * 100, 37));
          const Value value = encoding == "bytes" ? Value(array.values) : Value(array);
          samples.push_back({str_cat("document ", i), value, int64_t{37}});
        }
        write_stream(directory.path(), options, samples);
        TokenColumn column;
        if (encoding == "bytes") column.dtype = dtype;
        const auto stream = TokenStream::open(Env::posix(), directory.path(), column);
        EXPECT_EQ(stream.samples(), 20u);
        EXPECT_GT(stream.shards(), 1u);
        int32_t first = 0;
        for (size_t i = 0; i < stream.shards(); ++i) {
          const auto shard = stream.open_shard(i);
          EXPECT_EQ(shard->samples(), stream.samples(i));
          EXPECT_EQ(shard->tokens(), 37 * shard->samples());
          EXPECT_EQ(shard->bytes_per_token(), dtype_size(dtype));
          const auto offsets = stream.offsets(i);
          ASSERT_EQ(offsets.size(), shard->samples() + 1);
          EXPECT_EQ(offsets.back(), stream.raw_bytes(i));
          for (uint64_t sample = 0; sample < shard->samples(); ++sample, first += 100) {
            EXPECT_EQ(offsets[sample], shard->reader().offset(sample));
            EXPECT_EQ(copied(*shard, sample), counting(first, 37));
          }
        }
      }
    }
  }
}

TEST(TokenStream, CopiesAnyPartOfASample) {
  const TemporaryDirectory directory;
  write_stream(directory.path(), golden_options(""), golden_samples());
  const auto shard = TokenStream::open(Env::posix(), directory.path()).open_shard(0);
  for (uint32_t begin = 0; begin <= 300; begin += 7) {
    for (uint32_t end = begin; end <= 300; end += 11) {
      std::vector<int32_t> out(end - begin + 1, -1);
      shard->copy(1, begin, end, out.data());
      std::vector<int32_t> expected =
          counting(static_cast<int32_t>(begin), static_cast<int32_t>(end - begin));
      expected.push_back(-1);
      ASSERT_EQ(out, expected);
    }
  }
  int32_t out = 0;
  EXPECT_EQ(error_of([&] { shard->copy(1, 0, 301, &out); }, ErrorCode::kUsage),
            (directory / "shard.00000.mds").string() + ": no tokens [0, 301) in sample 1");
  EXPECT_EQ(error_of([&] { shard->copy(2, 0, 0, &out); }, ErrorCode::kUsage),
            (directory / "shard.00000.mds").string() + ": no tokens [0, 0) in sample 2");
}

template <class T>
std::string error_of_ids(const std::vector<T>& ids, int32_t vocabulary = 0) {
  const TemporaryDirectory directory;
  write_stream(directory.path(), {.columns = {{"input_ids", "ndarray"}}}, {{tokens_of(ids)}});
  const auto shard = TokenStream::open(Env::posix(), directory.path(),
                                       {.name = "input_ids", .dtype = {}, .vocabulary = vocabulary})
                         .open_shard(0);
  const std::string message = error_of([&] { copied(*shard, 0); }, ErrorCode::kCorrupt);
  return message.substr(std::min(message.size(), shard->reader().source().size()));
}

TEST(TokenStream, RefusesIdsOutOfRange) {
  EXPECT_EQ(error_of_ids<int32_t>({1, 2, -3}),
            ": offset 205: sample 0, token 2: expected an id from 0 to 2147483647, got -3");
  EXPECT_EQ(error_of_ids<uint32_t>({1, 0x80000000}),
            ": offset 201: sample 0, token 1: expected an id from 0 to 2147483647, got 2147483648");
  EXPECT_EQ(error_of_ids<int64_t>({int64_t{1} << 32}),
            ": offset 197: sample 0, token 0: expected an id from 0 to 2147483647, got 4294967296");
  EXPECT_EQ(error_of_ids<int64_t>({5, -1}),
            ": offset 205: sample 0, token 1: expected an id from 0 to 2147483647, got -1");
  EXPECT_EQ(error_of_ids<uint16_t>({99, 100}, 100),
            ": offset 199: sample 0, token 1: expected an id from 0 to 99, got 100");
  EXPECT_EQ(error_of_ids<uint32_t>({0x7fffffff, 0}), "");
}

TEST(TokenStream, TakesTheVocabularyOfTheSidecar) {
  const TemporaryDirectory directory;
  StreamInfo info;
  info.tokenizer_fingerprint = "f";
  info.vocabulary_size = 50282;
  info.shards = {{2, 303}};
  info.save(Env::posix(), directory.path());
  write_stream(directory.path(), golden_options(""), golden_samples());
  const auto stream = TokenStream::open(Env::posix(), directory.path());
  EXPECT_EQ(stream.info(), info);
  const auto shard = stream.open_shard(0);
  EXPECT_EQ(copied(*shard, 1), counting(0, 300));
  EXPECT_THAT(error_of([&] { copied(*shard, 0); }, ErrorCode::kCorrupt),
              testing::EndsWith("token 2: expected an id from 0 to 50281, got 50282"));
}

std::string open_error(const std::string& encoding, const Value& value, const TokenColumn& column) {
  const TemporaryDirectory directory;
  write_stream(directory.path(), {.columns = {{"input_ids", encoding}}}, {{value}});
  const std::string message =
      error_of([&] { TokenStream::open(Env::posix(), directory.path(), column).open_shard(0); },
               ErrorCode::kIncompatible);
  return message.substr(directory.path().string().size() + 1);
}

TEST(TokenStream, RefusesColumnsThatHoldNoTokens) {
  const Value ids = tokens_of<uint32_t>({1});
  EXPECT_EQ(open_error("ndarray", ids, {.name = "tokens"}),
            "index.json: shards[0]: expected a column \"tokens\", got input_ids");
  EXPECT_EQ(open_error("str", std::string("x"), {}),
            "index.json: shards[0]: column \"input_ids\": expected encoding ndarray or bytes, got "
            "\"str\"");
  EXPECT_EQ(open_error("bytes", std::string("xx"), {}),
            "index.json: shards[0]: column \"input_ids\": expected a dtype (uint16, uint32, int32 "
            "or int64) for a column of plain bytes, got none");
  EXPECT_EQ(
      open_error("ndarray:uint32", ids, {.name = "input_ids", .dtype = DType::kUint16}),
      "index.json: shards[0]: column \"input_ids\": expected uint16 as asked for, got uint32");
  EXPECT_EQ(open_error("ndarray", ids, {.name = "input_ids", .dtype = DType::kUint16}),
            "shard.00000.mds: offset 194: sample 0, column \"input_ids\": expected tokens of "
            "uint16, got uint32");
  EXPECT_EQ(open_error("ndarray:uint32:1,1", NdArray{DType::kUint32, {1, 1}, "abcd"}, {}),
            "index.json: shards[0]: column \"input_ids\": expected arrays of one dimension, got "
            "\"ndarray:uint32:1,1\"");
  EXPECT_EQ(open_error("ndarray", NdArray{DType::kUint32, {1, 1}, "abcd"}, {}),
            "shard.00000.mds: offset 194: sample 0, column \"input_ids\": expected an array of one "
            "dimension, got 2");
  EXPECT_EQ(open_error("ndarray", tokens_of<float>({1.0f}), {}),
            "shard.00000.mds: offset 194: sample 0, column \"input_ids\": expected tokens of "
            "uint16, uint32, int32 or int64, got float32");
  EXPECT_EQ(open_error("ndarray:float32", tokens_of<float>({1.0f}), {}),
            "index.json: shards[0]: column \"input_ids\": expected tokens of uint16, uint32, int32 "
            "or int64, got float32");
}

TEST(TokenStream, RefusesTwoDtypesInOneShard) {
  const TemporaryDirectory directory;
  write_stream(directory.path(), {.columns = {{"input_ids", "ndarray"}}},
               {{tokens_of<uint32_t>({1})}, {tokens_of<uint16_t>({1})}});
  const auto stream = TokenStream::open(Env::posix(), directory.path());
  EXPECT_THAT(error_of([&] { stream.open_shard(0); }, ErrorCode::kIncompatible),
              testing::EndsWith("sample 1, column \"input_ids\": expected tokens of uint32, got "
                                "uint16"));
}

TEST(TokenStream, RefusesBytesThatAreNoWholeTokens) {
  const TemporaryDirectory directory;
  write_stream(directory.path(), {.columns = {{"input_ids", "bytes"}}}, {{std::string("12345")}});
  const auto stream = TokenStream::open(Env::posix(), directory.path(),
                                        {.name = "input_ids", .dtype = DType::kUint16});
  EXPECT_THAT(error_of([&] { stream.open_shard(0); }, ErrorCode::kCorrupt),
              testing::EndsWith("expected a multiple of 2 bytes for uint16, got 5"));
}

TEST(TokenStream, ServesManyThreads) {
  const TemporaryDirectory directory;
  WriterOptions options = golden_options();
  options.size_limit = 3000;
  std::vector<std::vector<Value>> samples;
  for (int32_t i = 0; i < 50; ++i) {
    samples.push_back({std::string("d"), array_of<uint32_t>(counting(i, 200))});
  }
  write_stream(directory.path(), options, samples);
  const auto stream = TokenStream::open(Env::posix(), directory.path());
  std::atomic<int64_t> sum = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < stream.shards(); ++i) {
        const auto shard = stream.open_shard(i);
        for (uint64_t sample = 0; sample < shard->samples(); ++sample) {
          for (const int32_t id : copied(*shard, sample)) sum += id;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int64_t expected = 0;
  for (int32_t i = 0; i < 50; ++i) {
    for (const int32_t id : counting(i, 200)) expected += id;
  }
  EXPECT_EQ(sum, 8 * expected);
}

}  // namespace
}  // namespace rexbert::shard
