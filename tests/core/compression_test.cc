#include "rexbert/core/compression.h"

#include <gtest/gtest.h>

#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert {
namespace {

using test::error_of;

constexpr Compression kAll[] = {Compression::kNone,  Compression::kZstd,   Compression::kGzip,
                                Compression::kBzip2, Compression::kBrotli, Compression::kSnappy};
constexpr std::string_view kText = "RexBERT RexBERT RexBERT RexBERT";

CompressionSpec with_default_level(Compression algorithm) {
  return parse_compression(compression_name(algorithm));
}

// Half repetition, half noise.
std::string sample(size_t size) {
  KeyedRng rng(1, Purpose::kTest, size);
  std::string data;
  while (data.size() < size) {
    data += "the quick brown fox ";
    for (int i = 0; i < 20; ++i) data += static_cast<char>(rng.next_u32());
  }
  data.resize(size);
  return data;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

TEST(Compression, RoundTrips) {
  for (const Compression algorithm : kAll) {
    for (const size_t size : {0u, 1u, 1000u, 131'072u, 400'001u}) {
      const std::string data = sample(size);
      const std::string packed = compress(with_default_level(algorithm), data);
      const std::string label = str_cat(compression_name(algorithm), ", ", size, " bytes");
      EXPECT_TRUE(decompress(algorithm, packed, size, "t") == data) << label;
      EXPECT_TRUE(decompress(algorithm, packed, std::nullopt, "t") == data) << label;
      if (algorithm != Compression::kNone && size > 100'000) {
        EXPECT_LT(packed.size(), size) << label;
      }
    }
  }
}

TEST(Compression, EveryLevelRoundTrips) {
  const std::string data = sample(20'000);
  for (const auto& [name, lowest, highest] : {std::tuple("zstd", 1, 22), std::tuple("gz", 0, 9),
                                              std::tuple("bz2", 1, 9), std::tuple("br", 0, 11)}) {
    for (int level = lowest; level <= highest; ++level) {
      const CompressionSpec spec = parse_compression(str_cat(name, ":", level));
      EXPECT_EQ(spec.level, level);
      EXPECT_TRUE(decompress(spec.algorithm, compress(spec, data), data.size(), "t") == data)
          << name << ":" << level;
    }
  }
}

// What Python's zstd, gzip, bz2, brotli and snappy made of kText.
TEST(Compression, ReadsWhatOthersWrote) {
  for (const auto& [algorithm, hex] :
       {std::pair(Compression::kZstd, "28b52ffd201f7500004052657842455254200100ab0b17"),
        std::pair(Compression::kGzip,
                  "1f8b08000000000002030b4aad70720d0a5108c24e0300b7683ff11f000000"),
        std::pair(Compression::kBzip2,
                  "425a683931415926535915a9177f000007978040001200140002000040200020aa46d0218095a590"
                  "b95834e17724538509015a9177f0"),
        std::pair(Compression::kBrotli, "1b1e00f88dd44ef59658a5545159830851e1097ec201f12600"),
        std::pair(Compression::kSnappy, "1f1c52657842455254205a0800")}) {
    EXPECT_EQ(decompress(algorithm, from_hex(hex), kText.size(), "t"), kText)
        << compression_name(algorithm);
  }
}

TEST(Compression, Names) {
  EXPECT_EQ(parse_compression("").algorithm, Compression::kNone);
  EXPECT_EQ(parse_compression("zstd").level, 3);
  EXPECT_EQ(parse_compression("gz").level, 9);
  EXPECT_EQ(parse_compression("bz2").level, 9);
  EXPECT_EQ(parse_compression("br").level, 11);
  EXPECT_EQ(parse_compression("snappy").algorithm, Compression::kSnappy);
  EXPECT_EQ(compression_name(Compression::kGzip), "gz");
  EXPECT_EQ(error_of([] { parse_compression("zstd:23"); }),
            "usage error: compression \"zstd:23\": expected a level of 1 to 22, got \"23\"");
  EXPECT_EQ(error_of([] { parse_compression("gz:"); }),
            "usage error: compression \"gz:\": expected a level of 0 to 9, got \"\"");
  EXPECT_EQ(error_of([] { parse_compression("gz:9x"); }),
            "usage error: compression \"gz:9x\": expected a level of 0 to 9, got \"9x\"");
  EXPECT_EQ(error_of([] { parse_compression("lz4"); }),
            "usage error: unknown compression \"lz4\"; expected zstd, gz, bz2, br or snappy, with "
            "\":level\" behind it if wanted");
}

TEST(Compression, EveryTruncationIsRefused) {
  const std::string data = sample(500);
  for (const Compression algorithm : kAll) {
    if (algorithm == Compression::kNone) continue;
    const std::string packed = compress(with_default_level(algorithm), data);
    for (size_t length = 0; length < packed.size(); ++length) {
      const std::string problem =
          error_of([&] { decompress(algorithm, packed.substr(0, length), std::nullopt, "a.mds"); });
      EXPECT_EQ(problem.substr(0, 28), "corrupt data: a.mds: damaged")
          << compression_name(algorithm) << " cut to " << length << ": " << problem;
    }
  }
}

TEST(Compression, TruncationErrors) {
  const auto cut = [](Compression algorithm) {
    const std::string packed = compress(with_default_level(algorithm), kText);
    return error_of(
        [&] { decompress(algorithm, packed.substr(0, packed.size() - 3), kText.size(), "a.mds"); });
  };
  EXPECT_EQ(
      cut(Compression::kZstd),
      "corrupt data: a.mds: damaged zstd data: it ends in the middle of a frame at compressed "
      "offset 20");
  EXPECT_EQ(
      cut(Compression::kGzip),
      "corrupt data: a.mds: damaged gzip data: it ends in the middle at compressed offset 28");
  EXPECT_EQ(cut(Compression::kBzip2),
            "corrupt data: a.mds: damaged bz2 data: it ends in the middle");
  EXPECT_EQ(cut(Compression::kBrotli),
            "corrupt data: a.mds: damaged brotli data: it ends in the middle");
  EXPECT_EQ(cut(Compression::kSnappy), "corrupt data: a.mds: damaged snappy data: invalid stream");
}

TEST(Compression, DamageErrors) {
  const auto damaged = [](Compression algorithm, size_t byte) {
    std::string packed = compress(with_default_level(algorithm), kText);
    packed[byte] = static_cast<char>(packed[byte] ^ 0x55);
    return error_of([&] { decompress(algorithm, packed, kText.size(), "a.mds"); });
  };
  EXPECT_EQ(damaged(Compression::kZstd, 0),
            "corrupt data: a.mds: damaged zstd data: Unknown frame descriptor at compressed offset "
            "0");
  EXPECT_EQ(
      damaged(Compression::kGzip, 1),
      "corrupt data: a.mds: damaged gzip data: incorrect header check at compressed offset 2");
  EXPECT_EQ(damaged(Compression::kGzip, 24),
            "corrupt data: a.mds: damaged gzip data: incorrect data check at compressed offset 27");
  EXPECT_EQ(damaged(Compression::kBzip2, 12),
            "corrupt data: a.mds: damaged bz2 data: invalid stream");
  EXPECT_EQ(damaged(Compression::kBrotli, 5),
            "corrupt data: a.mds: damaged brotli data: invalid stream");
  EXPECT_EQ(damaged(Compression::kSnappy, 0),
            "corrupt data: a.mds: damaged snappy data: invalid stream");
}

// gzip and bzip2 carry checksums over the contents: a flipped bit is noticed or has no effect, as
// those that only fill up a byte.
TEST(Compression, NoFlippedBitChangesChecksummedContents) {
  const std::string data = sample(300);
  for (const Compression algorithm : {Compression::kGzip, Compression::kBzip2}) {
    const std::string packed = compress(with_default_level(algorithm), data);
    int noticed = 0;
    for (size_t bit = 0; bit < 8 * packed.size(); ++bit) {
      std::string flipped = packed;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      const std::string problem = error_of([&] {
        EXPECT_TRUE(decompress(algorithm, flipped, std::nullopt, "t") == data) << "bit " << bit;
      });
      if (problem == "no error") continue;
      EXPECT_EQ(problem.substr(0, 24), "corrupt data: t: damaged") << "bit " << bit;
      ++noticed;
    }
    EXPECT_GT(noticed, 8 * static_cast<int>(packed.size()) * 9 / 10) << compression_name(algorithm);
  }
}

TEST(Compression, ExpectedSizeMustBeExact) {
  for (const Compression algorithm : kAll) {
    const std::string packed = compress(with_default_level(algorithm), kText);
    EXPECT_EQ(error_of([&] { decompress(algorithm, packed, 30, "a.mds"); }),
              "corrupt data: a.mds: expected 30 bytes after decompression, got more");
    EXPECT_EQ(error_of([&] { decompress(algorithm, packed, 32, "a.mds"); }),
              "corrupt data: a.mds: expected 32 bytes after decompression, got 31");
    // A damaged index may claim any size: no memory is taken for it.
    EXPECT_EQ(
        error_of([&] { decompress(algorithm, packed, uint64_t{1} << 60, "a.mds"); }),
        "corrupt data: a.mds: expected 1152921504606846976 bytes after decompression, got 31");
  }
}

TEST(Compression, BytesBehindTheEndAreRefused) {
  const auto longer = [](Compression algorithm) {
    const std::string packed = compress(with_default_level(algorithm), kText) + "xy";
    return error_of([&] { decompress(algorithm, packed, kText.size(), "a.mds"); });
  };
  EXPECT_EQ(longer(Compression::kBzip2),
            "corrupt data: a.mds: damaged bz2 data: 2 bytes behind its end");
  EXPECT_EQ(longer(Compression::kBrotli),
            "corrupt data: a.mds: damaged brotli data: 2 bytes behind its end");
  for (const Compression algorithm :
       {Compression::kZstd, Compression::kGzip, Compression::kSnappy}) {
    EXPECT_EQ(longer(algorithm).substr(0, 28), "corrupt data: a.mds: damaged");
  }
}

class ByteSourceTest : public ::testing::Test {
 protected:
  std::string put(const std::string& name, std::string_view contents) {
    const fs::path path = directory_.path() / name;
    publish_file(Env::posix(), path, contents);
    return path.string();
  }
  static std::string read_all(const fs::path& path, size_t piece = 70'001) {
    const auto source = open_byte_source(Env::posix(), path);
    std::string all;
    std::string buffer(piece, '\0');
    while (const size_t got = source->read(buffer.data(), buffer.size()))
      all.append(buffer, 0, got);
    EXPECT_EQ(source->read(buffer.data(), buffer.size()), 0u);
    return all;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(ByteSourceTest, ExtensionsDecide) {
  const std::string data = sample(1'000'000);
  const std::string zstd = compress(parse_compression("zstd"), data);
  const std::string gzip = compress(parse_compression("gz"), data);
  EXPECT_TRUE(read_all(put("a.jsonl", data)) == data);
  EXPECT_TRUE(read_all(put("a.jsonl.zst", zstd)) == data);
  EXPECT_TRUE(read_all(put("a.zstd", zstd)) == data);
  EXPECT_TRUE(read_all(put("a.txt.gz", gzip)) == data);
  EXPECT_TRUE(read_all(put("b.gz", compress(parse_compression("gz"), "abc")), 1) == "abc");
  EXPECT_EQ(read_all(put("empty.txt", "")), "");
}

TEST_F(ByteSourceTest, FramesAndMembersMayFollowEachOther) {
  for (const char* name : {"zstd", "gz"}) {
    const CompressionSpec spec = parse_compression(name);
    const std::string parts = compress(spec, "one ") + compress(spec, "") + compress(spec, "two");
    EXPECT_EQ(read_all(put(name == std::string("gz") ? "a.gz" : "a.zst", parts)), "one two");
  }
}

TEST_F(ByteSourceTest, DamageIsNamedWithPathAndOffset) {
  const std::string data = sample(1'000'000);
  const std::string zstd = compress(parse_compression("zstd"), data);
  const std::string gzip = compress(parse_compression("gz"), data);
  std::string path = put("cut.zst", zstd.substr(0, 300'000));
  EXPECT_EQ(
      error_of([&] { read_all(path); }),
      "corrupt data: " + path +
          ": damaged zstd data: it ends in the middle of a frame at compressed offset 300000");
  path = put("cut.gz", gzip.substr(0, 300'000));
  EXPECT_EQ(error_of([&] { read_all(path); }),
            "corrupt data: " + path +
                ": damaged gzip data: it ends in the middle at compressed offset 300000");
  path = put("plain.gz", "{\"text\": \"not compressed\"}");
  EXPECT_EQ(error_of([&] { read_all(path); }),
            "corrupt data: " + path +
                ": damaged gzip data: incorrect header check at compressed offset 2");
  for (const auto& [name, algorithm] :
       {std::pair("none.gz", "gzip"), std::pair("none.zst", "zstd")}) {
    path = put(name, "");
    EXPECT_EQ(error_of([&] { read_all(path); }),
              str_cat("corrupt data: ", path, ": damaged ", algorithm,
                      " data: it is empty at compressed offset 0"));
  }
  const std::string none = (directory_.path() / "none.txt").string();
  EXPECT_EQ(error_of([&] { read_all(none); }),
            "not found: " + none + ": cannot open: No such file or directory");
}

TEST(Compression, AtMostRefusesMore) {
  const std::string data(1000, 'x');
  for (const char* name : {"none", "zstd", "gz", "bz2", "br", "snappy"}) {
    const CompressionSpec spec = parse_compression(name);
    const std::string packed = compress(spec, data);
    EXPECT_EQ(decompress_at_most(spec.algorithm, packed, 1000, "x"), data) << name;
    EXPECT_EQ(error_of([&] { decompress_at_most(spec.algorithm, packed, 999, "x"); }),
              "corrupt data: x: expected at most 999 bytes after decompression, got more")
        << name;
  }
}

}  // namespace
}  // namespace rexbert
