#include <functional>

#include "shard/shard_test_util.h"

// Damaged and mislabelled shard files, each with the exact error that it gives.
namespace rexbert::shard {
namespace {

class BadFiles : public testing::Test {
 protected:
  BadFiles() : index_(write_stream(directory_.path(), golden_options(""), golden_samples())) {
    raw_ = read_all(path());
  }

  fs::path path() const { return directory_ / "shard.00000.mds"; }

  // The error of reading every value after the raw file was changed.
  std::string error(ErrorCode code = ErrorCode::kCorrupt) {
    std::string message = error_of([&] { read(); }, code);
    const std::string prefix = path().string() + ": ";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  }

  std::string error_with(const std::function<void(std::string&)>& change,
                         ErrorCode code = ErrorCode::kCorrupt) {
    std::string changed = raw_;
    change(changed);
    write_all(path(), changed);
    return error(code);
  }

  // The error after the u32 at `offset` was replaced.
  std::string error_with_word(size_t offset, uint32_t word) {
    return error_with([&](std::string& raw) { std::memcpy(raw.data() + offset, &word, 4); });
  }

  void read(ReadOptions options = {}) {
    const auto reader =
        ShardReader::open(Env::posix(), directory_.path(), index_.shards[0], options);
    for (uint64_t sample = 0; sample < reader->samples(); ++sample) {
      for (size_t column = 0; column < reader->columns(); ++column) reader->value(sample, column);
    }
  }

  TemporaryDirectory directory_;
  Index index_;
  std::string raw_;
};

TEST_F(BadFiles, SoundFileReads) { read(); }

// Without compression the header has 204 bytes: off[0] = 220.
TEST_F(BadFiles, Truncated) {
  EXPECT_EQ(error_with([](std::string& raw) { raw.resize(1000); }),
            "offset 1000: expected 1456 bytes, got 1000");
  EXPECT_EQ(error_with([](std::string& raw) { raw.clear(); }),
            "offset 0: expected 1456 bytes, got 0");
  EXPECT_EQ(error_with([](std::string& raw) { raw += "more"; }),
            "offset 1456: expected 1456 bytes, got 1460");
}

TEST_F(BadFiles, Missing) {
  fs::remove(path());
  EXPECT_EQ(error(ErrorCode::kNotFound), "cannot open: No such file or directory");
}

TEST_F(BadFiles, SampleCount) {
  EXPECT_EQ(error_with_word(0, 3), "offset 0: expected 2 samples, got 3");
}

TEST_F(BadFiles, OffsetTable) {
  EXPECT_EQ(error_with_word(4, 15),
            "offset 4: expected the offset of sample 0 within [16, 1456], got 15");
  EXPECT_EQ(error_with_word(8, 100),
            "offset 8: expected the offset of sample 1 within [220, 1456], got 100");
  EXPECT_EQ(error_with_word(8, 0xffffffff),
            "offset 8: expected the offset of sample 1 within [220, 1456], got 4294967295");
  EXPECT_EQ(error_with_word(12, 1455),
            "offset 12: expected the last offset to be the file's size 1456, got 1455");
}

TEST_F(BadFiles, TooShortForItsTable) {
  write_all(path(), std::string("\x02\0\0\0\x10\0\0\0", 8));
  index_.shards[0].raw_data.bytes = 8;
  EXPECT_EQ(error(), "offset 8: expected a header of at least 16 bytes for 2 samples, got 8");
}

TEST_F(BadFiles, MoreSamplesThanBytes) {
  index_.shards[0].samples = uint64_t{1} << 62;
  EXPECT_EQ(error(),
            "offset 1456: expected at most 364 samples in 1456 bytes, got "
            "4611686018427387904 in the index");
}

TEST_F(BadFiles, HeaderJson) {
  EXPECT_THAT(error_with([](std::string& raw) { raw[16] = '['; }),
              testing::StartsWith("offset 16: header: line 1, column "));
}

TEST_F(BadFiles, Mislabelled) {
  EXPECT_EQ(error_with([](std::string& raw) { raw.replace(raw.find("uint32"), 6, "uint16"); }),
            "offset 16: header: column_encodings: expected [\"str\",\"ndarray:uint32\"] as in the "
            "index, got [\"str\",\"ndarray:uint16\"]");
  EXPECT_EQ(error_with([](std::string& raw) { raw.replace(raw.find("\"mds\""), 5, "\"csv\""); }),
            "offset 16: header: format: expected \"mds\" as in the index, got \"csv\"");
  EXPECT_EQ(error_with([](std::string& raw) { raw[raw.find("67108864")] = '5'; }),
            "offset 16: header: size_limit: expected 67108864 as in the index, got 57108864");
  EXPECT_EQ(error_with([](std::string& raw) { raw[raw.find("hashes")] = 'm'; }),
            "offset 16: header: hashes: missing");
}

TEST_F(BadFiles, LengthsThatDoNotAddUp) {
  EXPECT_EQ(error_with_word(220, 2),
            "offset 220: sample 0: expected 24 bytes by its lengths, got 23");
  EXPECT_EQ(error_with_word(220, 0xffffffff),
            "offset 220: sample 0: expected 4294967317 bytes by its lengths, got 23");
}

TEST_F(BadFiles, ArrayHead) {
  EXPECT_EQ(error_with([](std::string& raw) { raw[230] = 6; }),
            "offset 229: sample 0, column \"input_ids\": array: expected 26 bytes (6 values of "
            "uint32), got 14");
}

TEST_F(BadFiles, Text) {
  EXPECT_EQ(error_with([](std::string& raw) { raw[228] = '\xff'; }),
            "offset 228: sample 0, column \"id\": expected UTF-8, got \"\\xff\"");
}

TEST_F(BadFiles, NoSuchSample) {
  const auto reader = ShardReader::open(Env::posix(), directory_.path(), index_.shards[0]);
  EXPECT_EQ(error_of([&] { reader->sample(2); }, ErrorCode::kUsage),
            path().string() + ": expected a sample below 2, got 2");
}

TEST(BadCompressedFiles, NameTheCompressedFile) {
  const TemporaryDirectory directory;
  const Index index = write_stream(directory.path(), golden_options(), golden_samples());
  const fs::path path = directory / "shard.00000.mds.zstd";
  const std::string sound = read_all(path);
  const auto error = [&](ReadOptions options = {}) {
    return error_of(
        [&] { ShardReader::open(Env::posix(), directory.path(), index.shards[0], options); },
        ErrorCode::kCorrupt);
  };
  write_all(path, sound.substr(0, sound.size() - 5));
  EXPECT_EQ(error(), str_cat(path.string(), ": offset ", sound.size() - 5, ": expected ",
                             sound.size(), " bytes, got ", sound.size() - 5));
  std::string magic = sound;
  magic[0] = 'x';
  write_all(path, magic);
  EXPECT_THAT(error(), testing::StartsWith(path.string() + ": "));
  fs::remove(path);
  EXPECT_EQ(error_of([&] { ShardReader::open(Env::posix(), directory.path(), index.shards[0]); },
                     ErrorCode::kNotFound),
            path.string() + ": cannot open: No such file or directory");
}

TEST(BadHashes, AreNamedWithFileAndAlgorithm) {
  for (const char* compression : {"", "zstd"}) {
    const TemporaryDirectory directory;
    WriterOptions options = golden_options(compression);
    options.hashes = {"xxh64"};
    Index index = write_stream(directory.path(), options, golden_samples());
    FileInfo& stored =
        index.shards[0].zip_data ? *index.shards[0].zip_data : index.shards[0].raw_data;
    const std::string real = std::exchange(stored.hashes["xxh64"], "0123456789abcdef");
    EXPECT_EQ(error_of(
                  [&] {
                    ShardReader::open(Env::posix(), directory.path(), index.shards[0],
                                      {.verify_hashes = true});
                  },
                  ErrorCode::kCorrupt),
              str_cat((directory / stored.basename).string(), ": offset 0: xxh64 of ", stored.bytes,
                      " bytes: expected 0123456789abcdef, got ", real));
  }
}

// Every single bit flip of a hashed shard is found, and named with its file.
TEST(BitFlips, AreAllFoundByHashes) {
  const TemporaryDirectory directory;
  WriterOptions options = golden_options("");
  options.hashes = {"xxh3_64"};
  const Index index = write_stream(directory.path(), options, golden_samples());
  const fs::path path = directory / "shard.00000.mds";
  const std::string sound = read_all(path);
  for (size_t bit = 0; bit < sound.size() * 8; bit += 13) {
    std::string flipped = sound;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    write_all(path, flipped);
    const VerifyReport report = verify_stream(Env::posix(), directory.path());
    ASSERT_FALSE(report.ok()) << bit;
    EXPECT_THAT(report.problems, testing::Each(testing::StartsWith(path.string() + ": offset ")));
  }
}

}  // namespace
}  // namespace rexbert::shard
