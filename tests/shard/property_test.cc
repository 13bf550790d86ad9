#include <cmath>
#include <random>

#include "shard/shard_test_util.h"

// Random columns and values: what was written is what is read, in every form on disk.
namespace rexbert::shard {
namespace {

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  uint64_t below(uint64_t bound) {
    return std::uniform_int_distribution<uint64_t>(0, bound - 1)(random_);
  }

  std::string bytes(size_t size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(below(256));
    return text;
  }

  std::string text(size_t size) {
    static const std::vector<std::string> kPieces = {"a", " ", "\n", "é", "日", "😀", "\"", "\\"};
    std::string out;
    for (size_t i = 0; i < size; ++i) out += kPieces[below(kPieces.size())];
    return out;
  }

  std::string encoding() {
    static const std::vector<std::string> kNames = {"bytes",
                                                    "str",
                                                    "int",
                                                    "uint8",
                                                    "uint16",
                                                    "uint32",
                                                    "uint64",
                                                    "int8",
                                                    "int16",
                                                    "int32",
                                                    "int64",
                                                    "float16",
                                                    "float32",
                                                    "float64",
                                                    "str_int",
                                                    "str_float",
                                                    "str_decimal",
                                                    "json",
                                                    "ndarray",
                                                    "ndarray:int16",
                                                    "ndarray:float64",
                                                    "ndarray:uint32:2,3",
                                                    "ndarray:uint16:5"};
    return kNames[below(kNames.size())];
  }

  NdArray array(const Encoding& encoding) {
    static constexpr DType kAll[] = {DType::kUint8, DType::kInt8,    DType::kUint16,
                                     DType::kInt16, DType::kFloat16, DType::kUint32,
                                     DType::kInt32, DType::kFloat32, DType::kUint64,
                                     DType::kInt64, DType::kFloat64};
    NdArray array;
    array.dtype = encoding.dtype().value_or(kAll[below(11)]);
    if (encoding.shape()) {
      array.shape = *encoding.shape();
    } else {
      for (uint64_t i = 1 + below(3); i > 0; --i)
        array.shape.push_back(1 + below(i == 1 ? 300 : 4));
    }
    uint64_t elements = 1;
    for (const uint64_t dimension : array.shape) elements *= dimension;
    array.values = bytes(elements * dtype_size(array.dtype));
    return array;
  }

  Value value(const Encoding& encoding) {
    switch (encoding.kind()) {
      case Encoding::Kind::kBytes:
        return bytes(below(50));
      case Encoding::Kind::kString:
        return text(below(50));
      case Encoding::Kind::kInteger:
        return encoding.decode(bytes(*encoding.size()));
      case Encoding::Kind::kFloat:
        return finite(encoding);
      case Encoding::Kind::kStringInteger:
        return static_cast<int64_t>(random_());
      case Encoding::Kind::kStringFloat:
        return finite(Encoding::parse("float64"));
      case Encoding::Kind::kStringDecimal:
        return str_cat(below(1000), ".", below(1000), "E+7");
      case Encoding::Kind::kJson:
        return Json{{text(3), {below(9), nullptr, true, text(4)}}, {"x", {{"y", 0.25}}}};
      default:
        return array(encoding);
    }
  }

 private:
  Value finite(const Encoding& encoding) {
    while (true) {
      const Value value = encoding.decode(bytes(*encoding.size()));
      if (std::isfinite(std::get<double>(value))) return value;
    }
  }

  std::mt19937_64 random_;
};

TEST(RoundTrip, RandomColumnsAndValues) {
  static const std::vector<std::string> kCompressions = {"",    "zstd", "zstd:1", "gz:1",
                                                         "bz2", "br:1", "snappy"};
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    Generator generator(seed);
    const TemporaryDirectory directory;
    WriterOptions options;
    for (uint64_t i = 1 + generator.below(5); i > 0; --i) {
      options.columns.push_back({str_cat(generator.below(1000), "-", i), generator.encoding()});
    }
    options.compression = kCompressions[generator.below(kCompressions.size())];
    if (generator.below(2) == 0) options.hashes = {"sha256", "xxh128"};
    options.size_limit = 500 + generator.below(5000);
    std::vector<std::vector<Value>> samples(generator.below(60));
    for (auto& sample : samples) {
      for (const Column& column : options.columns) {
        sample.push_back(generator.value(Encoding::parse(column.encoding)));
      }
    }
    const Index index = write_stream(directory.path(), options, samples);
    ASSERT_EQ(Index::load(Env::posix(), directory.path()), index);
    ASSERT_EQ(index.samples(), samples.size());
    EXPECT_THAT(verify_stream(Env::posix(), directory.path()).problems, testing::IsEmpty());
    EXPECT_EQ(published_shards(Env::posix(), directory.path(), options), index.shards);
    size_t next = 0;
    for (const ShardInfo& info : index.shards) {
      const auto reader = ShardReader::open(Env::posix(), directory.path(), info);
      EXPECT_TRUE(info.raw_data.bytes <= *options.size_limit || info.samples <= 1);
      for (uint64_t sample = 0; sample < reader->samples(); ++sample, ++next) {
        for (size_t i = 0; i < options.columns.size(); ++i) {
          const auto found = std::find_if(
              info.columns.begin(), info.columns.end(),
              [&](const Column& column) { return column.name == options.columns[i].name; });
          const auto column = static_cast<size_t>(found - info.columns.begin());
          ASSERT_EQ(reader->value(sample, column), samples[next][i]) << options.columns[i].encoding;
        }
      }
    }
    EXPECT_EQ(next, samples.size());
  }
}

// A flipped byte anywhere either reads as some value or is an Error that names the file: no crash,
// no other exception, no read outside the file (the sanitizer build sees to that).
TEST(RoundTrip, DamageIsAnErrorOrAValue) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Generator generator(1000 + seed);
    const TemporaryDirectory directory;
    WriterOptions options;
    for (int i = 0; i < 3; ++i) options.columns.push_back({str_cat("c", i), generator.encoding()});
    std::vector<std::vector<Value>> samples(3);
    for (auto& sample : samples) {
      for (const Column& column : options.columns) {
        sample.push_back(generator.value(Encoding::parse(column.encoding)));
      }
    }
    write_stream(directory.path(), options, samples);
    const fs::path path = directory / "shard.00000.mds";
    std::string raw = read_all(path);
    for (int i = 0; i < 3; ++i)
      raw[generator.below(raw.size())] = static_cast<char>(generator.below(256));
    write_all(path, raw);
    for (const std::string& problem : verify_stream(Env::posix(), directory.path()).problems) {
      EXPECT_THAT(problem, testing::StartsWith(path.string()));
    }
  }
}

}  // namespace
}  // namespace rexbert::shard
