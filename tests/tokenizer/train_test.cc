#include "rexbert/tokenizer/train.h"

#include <gmock/gmock.h>

#include <iostream>
#include <set>

#include "tokenizer/tokenizer_test_util.h"

namespace rexbert::tokenizer {
namespace {

class Training : public testing::Test {
 protected:
  void SetUp() override { write_corpus(corpus_); }
  TrainReport run(const std::string& name, const TrainOptions& options) {
    return train(Env::posix(), options, {corpus_}, directory_.path() / name);
  }
  std::string file(const std::string& name, const std::string& file) const {
    return Env::posix().read_file(directory_.path() / name / file);
  }
  test::TemporaryDirectory directory_;
  fs::path corpus_ = directory_.path() / "corpus.jsonl";
};

TEST_F(Training, TheSameInputAndOptionsGiveTheSameBytes) {
  for (const ModelType model : {ModelType::kUnigram, ModelType::kBpe}) {
    TrainOptions options = small_options();
    options.model = model;
    options.max_sentences = 300;
    const std::string name(to_string(model));
    const TrainReport first = run(name + "1", options);
    const TrainReport second = run(name + "2", options);
    EXPECT_EQ(first.fingerprint, second.fingerprint);
    for (const std::string& each : tokenizer_files()) {
      EXPECT_EQ(file(name + "1", each), file(name + "2", each)) << each;
    }
    options.seed = 1;
    EXPECT_NE(run(name + "3", options).fingerprint, first.fingerprint);
  }
}

TEST_F(Training, TheVocabularyIsFilledUpToAMultipleOf64) {
  TrainOptions options = small_options();
  const TrainReport rounded = run("rounded", options);
  EXPECT_EQ(rounded.trained_pieces, 600);
  EXPECT_EQ(rounded.unused_pieces, 40);
  const Tokenizer tokenizer = Tokenizer::load(Env::posix(), directory_.path() / "rounded");
  EXPECT_EQ(tokenizer.vocabulary_size(), 640);
  EXPECT_FALSE(tokenizer.is_unused(599));
  EXPECT_EQ(tokenizer.piece(600), "<unused0>");
  EXPECT_EQ(tokenizer.piece(639), "<unused39>");
  for (int32_t id = 600; id < 640; ++id) EXPECT_TRUE(tokenizer.is_unused(id));

  // More than the text gives: the size stays as asked for.
  for (const ModelType model : {ModelType::kUnigram, ModelType::kBpe}) {
    options.model = model;
    options.vocabulary_size = 20'000;
    const TrainReport report = run("large" + std::string(to_string(model)), options);
    EXPECT_LT(report.trained_pieces, 20'000);
    EXPECT_EQ(report.trained_pieces + report.unused_pieces, 20'032);
  }
}

TEST_F(Training, PiecesFollowTheWhiteSpaceAndDigitOptions) {
  const auto pieces_of = [](const Tokenizer& tokenizer) {
    std::set<std::string> pieces;
    for (int32_t id = kSpecialCount; id < tokenizer.vocabulary_size(); ++id) {
      if (!tokenizer.is_unused(id) && !tokenizer.is_byte(id)) {
        pieces.emplace(tokenizer.piece(id));
      }
    }
    return pieces;
  };
  const auto digits = [](const std::string& piece) {
    return std::count_if(piece.begin(), piece.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  TrainOptions options = small_options();
  int with_digits = 0;
  for (const std::string& piece : pieces_of(trained("unigram", options))) {
    with_digits += digits(piece) > 1 ? 1 : 0;
    EXPECT_EQ(piece.find("\u2581", 1), std::string::npos) << piece;
  }
  EXPECT_GT(with_digits, 0);
  options.split_digits = true;
  for (const std::string& piece : pieces_of(trained("digits", options))) {
    EXPECT_LE(digits(piece), 1) << piece;
  }
  options = small_options();
  options.whitespace_runs = true;
  EXPECT_TRUE(pieces_of(trained("runs", options)).contains("\u2581\u2581"));
  options = small_options();
  options.split_by_whitespace = false;
  int across = 0;
  for (const std::string& piece : pieces_of(trained("across", options))) {
    across += piece.find("\u2581", 1) != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(across, 0);
}

TEST_F(Training, AFinishedFolderIsNotOverwrittenAndALeftoverIs) {
  fs::create_directories(directory_.path() / "t.partial" / "rest");
  run("t", small_options());
  EXPECT_FALSE(fs::exists(directory_.path() / "t.partial"));
  EXPECT_EQ(
      error_of([&] { run("t", small_options()); }),
      "usage error: tokenizer training: " + (directory_.path() / "t").string() + " exists already");
}

TEST_F(Training, OptionsOutOfRangeAreNamed) {
  const auto error = [&](auto&& change) {
    TrainOptions options = small_options();
    change(options);
    return error_of([&] { run("bad", options); });
  };
  EXPECT_EQ(error([](TrainOptions& o) { o.vocabulary_size = 300; }),
            "usage error: tokenizer training: vocabulary_size: expected 357 to 10000000, got 300");
  EXPECT_EQ(error([](TrainOptions& o) { o.character_coverage = 0.5; }),
            "usage error: tokenizer training: character_coverage: expected 0.98 to 1, got 0.5");
  EXPECT_EQ(error([](TrainOptions& o) { o.max_piece_length = 0; }),
            "usage error: tokenizer training: max_piece_length: expected 1 to 512, got 0");
  EXPECT_EQ(error([](TrainOptions& o) { o.threads = 0; }),
            "usage error: tokenizer training: threads: expected 1 to 1024, got 0");
  EXPECT_EQ(error([](TrainOptions& o) { o.max_sentences = 0; }),
            "usage error: tokenizer training: max_sentences: expected 1 to 1099511627776, got 0");
  EXPECT_EQ(error_of([] { parse_model_type("word"); }),
            "usage error: tokenizer model: expected unigram or bpe, got \"word\"");
  EXPECT_EQ(error_of([] { parse_normalization("nfc"); }),
            "usage error: normalization: expected identity or nfkc, got \"nfc\"");
  EXPECT_FALSE(fs::exists(directory_.path() / "bad"));
}

TEST_F(Training, TextThatCannotBeUsedIsAnError) {
  std::ofstream(corpus_) << "{\"text\":\" \"}\n";
  EXPECT_EQ(error_of([&] { run("bad", small_options()); }),
            "corrupt data: tokenizer training: no text in 1 input file");
  std::ofstream(corpus_) << "{\"text\":\"a\"}\n{\"text\":3}\n";
  EXPECT_EQ(
      error_of([&] { run("bad", small_options()); }),
      "corrupt data: " + corpus_.string() + ":2: field \"text\": expected a string, got a number");
  TrainOptions options = small_options();
  options.on_error = text::OnError::kSkip;
  EXPECT_EQ(run("skipped", options).read.bad, 1u);
}

TEST_F(Training, TooManyCharactersForTheVocabularyIsAnError) {
  std::ofstream out(corpus_);
  for (uint32_t point = 0x4e00; point < 0x4e00 + 500; ++point) {
    std::string text;
    append_utf8(point, text);
    out << text + text + "\n";
  }
  out.close();
  fs::rename(corpus_, directory_.path() / "corpus.txt");
  corpus_ = directory_.path() / "corpus.txt";
  EXPECT_THAT(error_of([&] { run("bad", small_options()); }),
              testing::StartsWith(
                  "usage error: tokenizer training: SentencePiece: Vocabulary size is smaller "
                  "than required_chars. 600 vs "));
}

TEST_F(Training, NothingIsWrittenToStandardError) {
  std::streambuf* const before = std::cerr.rdbuf();
  testing::internal::CaptureStderr();
  run("quiet", small_options());
  const std::string printed = testing::internal::GetCapturedStderr();
  EXPECT_EQ(printed.find("trainer_interface"), std::string::npos) << printed;
  EXPECT_EQ(printed.find("LOG("), std::string::npos) << printed;
  EXPECT_EQ(std::cerr.rdbuf(), before);
}

}  // namespace
}  // namespace rexbert::tokenizer
