#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "corpus/tokenize_fixture.h"
#include "rexbert/core/fault_env.h"
#include "rexbert/corpus/tokenize.h"

namespace rexbert::corpus {
namespace {

class TokenizeRefusal : public TokenizeFixture {
 protected:
  std::string refusal(ErrorCode code, const TokenizeOptions& options) const {
    return message_of(code, [&] { tokenize(env(), options); });
  }
  // Leaves an unfinished job with some shards in `output`.
  void begin(const TokenizeOptions& options) const {
    FaultInjectionEnv failing(env());
    failing.fail_after(40);
    EXPECT_THROW(tokenize(failing, options), Error);
    EXPECT_TRUE(fs::exists(options.output / "shard.00001.mds"));
  }
};

TEST_F(TokenizeRefusal, ForeignContent) {
  write("out/notes.txt", "mine");
  EXPECT_EQ(refusal(ErrorCode::kUsage, options_for("out")),
            "ROOT/out: expected an empty folder or an unfinished job of the same kind, found "
            "\"notes.txt\"");
  EXPECT_EQ(refusal(ErrorCode::kUsage, options_for("out/notes.txt")),
            "ROOT/out/notes.txt: expected a folder, got a file");
  TokenizeOptions part = options_for("parts");
  part.part = Part{1, 2};
  fs::create_directories(path("parts/part-00001-of-00002"));
  EXPECT_EQ(refusal(ErrorCode::kUsage, part),
            "ROOT/parts/part-00001-of-00002: is there, but not its journal "
            "tokenize-00001-of-00002.journal");
}

TEST_F(TokenizeRefusal, OtherSettingsThanTheBegunJob) {
  begin(options_for("out"));
  TokenizeOptions options = options_for("out");
  options.shard_bytes = 1 << 20;
  EXPECT_EQ(refusal(ErrorCode::kIncompatible, options),
            "ROOT/out/tokenize.journal: this output was begun with shard_bytes 32768, now it is "
            "1048576; go on with the same, or choose another output folder");
  options = options_for("out");
  options.read.text_field = "body";
  EXPECT_EQ(refusal(ErrorCode::kIncompatible, options),
            "ROOT/out/tokenize.journal: this output was begun with text_field \"text\", now it is "
            "\"body\"; go on with the same, or choose another output folder");
  options = options_for("out");
  options.compression = "zstd";
  EXPECT_EQ(refusal(ErrorCode::kIncompatible, options),
            "ROOT/out/tokenize.journal: this output was begun with compression \"\", now it is "
            "\"zstd\"; go on with the same, or choose another output folder");
  // What changes no bytes may change.
  options = options_for("out");
  options.threads = 3;
  options.on_error = text::OnError::kSkip;
  EXPECT_NO_THROW(tokenize(env(), options));
  EXPECT_EQ(samples_of(path("out")), all_samples());
}

TEST_F(TokenizeRefusal, OtherInputsThanTheBegunJob) {
  begin(options_for("out"));
  TokenizeOptions options = options_for("out");
  options.inputs = {path("corpus/general.jsonl").string()};
  EXPECT_EQ(
      refusal(ErrorCode::kIncompatible, options),
      "ROOT/out/tokenize.journal: this output was begun with a number of input files of 4, now "
      "it is 1; go on with the same, or choose another output folder");
  std::ofstream(path("corpus/more.jsonl"), std::ios::app) << "{\"text\": \"new\"}\n";
  EXPECT_THAT(refusal(ErrorCode::kIncompatible, options_for("out")),
              ::testing::StartsWith("ROOT/out/tokenize.journal: this output was begun with input "
                                    "file 3 {\"bytes\":"));
}

TEST_F(TokenizeRefusal, MissingShardsAndDamagedJournals) {
  begin(options_for("out"));
  const auto size = fs::file_size(path("out/shard.00000.mds"));
  fs::rename(path("out/shard.00000.mds"), path("aside"));
  EXPECT_EQ(refusal(ErrorCode::kCorrupt, options_for("out")),
            str_cat("ROOT/out/shard.00000.mds: expected ", size,
                    " bytes, as ROOT/out/tokenize.journal says, got no file"));
  fs::rename(path("aside"), path("out/shard.00000.mds"));

  const std::string journal = env().read_file(path("out/tokenize.journal"));
  const size_t second = journal.find('\n') + 1;
  std::string damaged = journal;
  damaged[second + 40] ^= 1;
  write("out/tokenize.journal", damaged);
  EXPECT_EQ(refusal(ErrorCode::kCorrupt, options_for("out")),
            str_cat("ROOT/out/tokenize.journal: offset ", second,
                    ": expected a record, got damaged bytes"));
  write("out/tokenize.journal", "");
  EXPECT_EQ(refusal(ErrorCode::kCorrupt, options_for("out")),
            "ROOT/out/tokenize.journal: expected a journal, got 0 bytes without a record");
  // A record cut short at the end is what a kill leaves.
  write("out/tokenize.journal", journal + "0123456789abcdef {\"record\": \"sh");
  EXPECT_NO_THROW(tokenize(env(), options_for("out")));
  EXPECT_EQ(samples_of(path("out")), all_samples());
}

TEST_F(TokenizeRefusal, OptionsThatMakeNoSense) {
  TokenizeOptions options = options_for("out");
  options.part = Part{3, 2};
  EXPECT_EQ(refusal(ErrorCode::kUsage, options), "part: expected 1/1 to 99999/99999, got 3/2");
  options = options_for("out");
  options.holdout.share = 1;
  EXPECT_EQ(refusal(ErrorCode::kUsage, options),
            "holdout: expected a share in [0, 1) and a count of 0 or more, got 1 and 0");
  options = options_for("out");
  options.threads = -1;
  EXPECT_EQ(refusal(ErrorCode::kUsage, options), "threads: expected 0 to 4096, got -1");
  options = options_for("out");
  options.shard_bytes = 100;
  EXPECT_EQ(refusal(ErrorCode::kUsage, options),
            "shard_bytes: expected 1,024 to 4,294,967,295 bytes, got 100");
  options = options_for("corpus/shards");
  EXPECT_EQ(refusal(ErrorCode::kUsage, options),
            "ROOT/corpus/shards: expected an output folder outside the input folder ROOT/corpus");
  options = options_for("out");
  options.compression = "lzma";
  EXPECT_THROW(tokenize(env(), options), Error);
  options = options_for("out");
  options.inputs = {path("corpus/none.jsonl").string()};
  EXPECT_THROW(tokenize(env(), options), Error);
  EXPECT_FALSE(fs::exists(path("out"))) << "a refused call must leave nothing behind";
}

TEST(ParseHoldout, TakesSharesCountsAndBoth) {
  EXPECT_EQ(parse_holdout("0.02").share, 0.02);
  EXPECT_EQ(parse_holdout("2%").share, 0.02);
  EXPECT_EQ(parse_holdout("500").at_least, 500);
  EXPECT_EQ(parse_holdout("500").share, 0);
  EXPECT_EQ(parse_holdout("2%,3").at_least, 3);
  EXPECT_EQ(parse_holdout("2%,3").share, 0.02);
  for (const char* text :
       {"", "0", "-3", "1.5", "0.0", "200%", "2%,", "3,2", "x", "0.02x", "2%,x"}) {
    try {
      parse_holdout(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(
          std::string(error.what()),
          str_cat("holdout: expected a share such as 0.02 or 2%, a count such as 500, or both "
                  "as in 2%,2, got \"",
                  text, "\""));
    }
  }
}

TEST(ParsePart, TakesIndexAndCount) {
  EXPECT_EQ(parse_part("3/8").index, 3);
  EXPECT_EQ(parse_part("3/8").count, 8);
  for (const char* text : {"", "3", "0/8", "9/8", "3/", "/8", "a/b", "3/8x"}) {
    try {
      parse_part(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()),
                str_cat("part: expected i/n with 1 <= i <= n, got \"", text, "\""));
    }
  }
}

}  // namespace
}  // namespace rexbert::corpus
