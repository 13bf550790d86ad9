#include "rexbert/tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <sentencepiece_processor.h>

#include <thread>

#include "tokenizer/tokenizer_test_util.h"

namespace rexbert::tokenizer {
namespace {

using testing::ElementsAre;

struct Variant {
  const char* name;
  TrainOptions options;
};

std::vector<Variant> variants() {
  std::vector<Variant> all(9, Variant{"unigram", small_options()});
  all[1].name = "bpe";
  all[1].options.model = ModelType::kBpe;
  all[2].name = "no_prefix";
  all[2].options.add_dummy_prefix = false;
  all[3].name = "runs";
  all[3].options.whitespace_runs = true;
  all[4].name = "across";
  all[4].options.split_by_whitespace = false;
  all[5].name = "bpe_runs";
  all[5].options.model = ModelType::kBpe;
  all[5].options.whitespace_runs = true;
  all[6].name = "digits";
  all[6].options.split_digits = true;
  all[7].name = "runs_no_prefix";
  all[7].options.whitespace_runs = true;
  all[7].options.add_dummy_prefix = false;
  all[8].name = "across_runs";
  all[8].options.split_by_whitespace = false;
  all[8].options.whitespace_runs = true;
  return all;
}

class EachVariant : public testing::TestWithParam<Variant> {
 protected:
  const Tokenizer& tokenizer() const { return trained(GetParam().name, GetParam().options); }
};

TEST_P(EachVariant, DecodingGivesBackAnyText) {
  KeyedRng rng(3, Purpose::kTest);
  for (int i = 0; i < 3000; ++i) {
    const std::string text = random_text(rng);
    const std::vector<int32_t> ids = tokenizer().encode(text);
    ASSERT_EQ(tokenizer().decode(ids), text) << str_quote(text, 300);
    for (const int32_t id : ids) {
      ASSERT_GE(id, kSpecialCount) << str_quote(text, 300);
      ASSERT_LT(id, tokenizer().vocabulary_size());
      ASSERT_FALSE(tokenizer().is_unused(id));
    }
  }
}

TEST_P(EachVariant, CachedWordsHaveTheIdsOfTheFirstTime) {
  KeyedRng rng(4, Purpose::kTest);
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) texts.push_back(random_text(rng));
  std::vector<std::vector<int32_t>> first(texts.size());
  std::thread([&] {
    for (size_t i = 0; i < texts.size(); ++i) first[i] = tokenizer().encode(texts[i]);
  }).join();
  // Another thread, another order: its cache sees the words differently.
  std::thread([&] {
    for (size_t i = texts.size(); i-- > 0;) EXPECT_EQ(tokenizer().encode(texts[i]), first[i]);
  }).join();
}

// We cut text into words and keep their ids; SentencePiece takes it whole.
TEST_P(EachVariant, IdsAreThoseOfSentencePieceOnTheWholeText) {
  const Tokenizer& ours = tokenizer();
  sentencepiece::SentencePieceProcessor theirs;
  ASSERT_TRUE(
      theirs.Load((training_directory() / GetParam().name / "tokenizer.model").string()).ok());
  KeyedRng rng(6, Purpose::kTest);
  for (int i = 0; i < 3000; ++i) {
    const std::string text = i == 0 ? std::string(5000, 'k') : random_text(rng);
    ASSERT_EQ(ours.encode(text), theirs.EncodeAsIds(text)) << str_quote(text, 300);
  }
}

TEST_P(EachVariant, AWordAboveTheSegmentLimitIsCut) {
  const std::string huge = "ba " + std::string(200'000, 's');
  EXPECT_EQ(tokenizer().decode(tokenizer().encode(huge)), huge);
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, EachVariant, testing::ValuesIn(variants()),
                         [](const auto& variant) { return std::string(variant.param.name); });

TEST(Tokenizer, SpecialTokensHaveFixedIdsAndAreNeverText) {
  const Tokenizer& tokenizer = trained("unigram", small_options());
  EXPECT_EQ(tokenizer.vocabulary_size(), 640);
  for (int32_t id = 0; id < kSpecialCount; ++id) {
    EXPECT_EQ(tokenizer.piece(id), kSpecialPieces[id]);
    EXPECT_EQ(tokenizer.piece_id(kSpecialPieces[id]), id);
    EXPECT_TRUE(tokenizer.is_special(id));
    const std::string text(kSpecialPieces[id]);
    for (const int32_t piece : tokenizer.encode(text)) EXPECT_GE(piece, kSpecialCount);
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
  EXPECT_EQ(tokenizer.piece_id("no such piece"), kUnknownId);
  EXPECT_FALSE(tokenizer.is_special(kSpecialCount));
}

TEST(Tokenizer, DocumentsAreBetweenClsAndSepAndIdsAreAppended) {
  const Tokenizer& tokenizer = trained("unigram", small_options());
  std::vector<int32_t> ids = {99};
  tokenizer.encode_document("", ids);
  EXPECT_THAT(ids, ElementsAre(99, kClsId, kSepId));
  ids.clear();
  tokenizer.encode_document("bake loke", ids);
  EXPECT_EQ(ids.front(), kClsId);
  EXPECT_EQ(ids.back(), kSepId);
  EXPECT_EQ(std::vector<int32_t>(ids.begin() + 1, ids.end() - 1), tokenizer.encode("bake loke"));
  EXPECT_EQ(tokenizer.decode(ids), "bake loke");
}

std::vector<int32_t> masked(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<int32_t> ids;
  tokenizer.encode_masked(text, ids);
  return ids;
}

std::vector<int32_t> joined(std::vector<std::vector<int32_t>> parts) {
  std::vector<int32_t> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST_P(EachVariant, WithoutAMaskTheIdsAreTheSame) {
  KeyedRng rng(8, Purpose::kTest);
  for (int i = 0; i < 500; ++i) {
    const std::string text = random_text(rng);
    if (text.find("[MASK]") == std::string::npos) {
      ASSERT_EQ(masked(tokenizer(), text), tokenizer().encode(text)) << str_quote(text, 300);
    }
  }
}

// Where words are cut at spaces, " loke" has the same ids behind a mask as behind another word.
TEST(Tokenizer, AMaskTakesTheSpaceBeforeItAndNoPrefixIsPutBehindIt) {
  TrainOptions trimmed = small_options();
  trimmed.remove_extra_whitespaces = true;
  for (const Tokenizer& tokenizer :
       {trained("unigram", small_options()), trained("bpe", variants()[1].options),
        trained("trimmed", trimmed)}) {
    const std::vector<int32_t> word = tokenizer.encode("loke");
    EXPECT_EQ(masked(tokenizer, "bake [MASK] loke"),
              joined({tokenizer.encode("bake"), {kMaskId}, word}));
    EXPECT_EQ(masked(tokenizer, "[MASK] loke [MASK]  [MASK]"),
              joined({{kMaskId}, word, {kMaskId, kMaskId}}));
    EXPECT_EQ(masked(tokenizer, "bake[MASK]%"),
              joined({tokenizer.encode("bake"), {kMaskId, tokenizer.piece_id("%")}}));
    EXPECT_EQ(tokenizer.decode(masked(tokenizer, "[MASK]%")), "%");
  }
}

TEST(Tokenizer, WithoutAPrefixTheSpaceBehindAMaskStays) {
  const Tokenizer& tokenizer = trained("no_prefix", variants()[2].options);
  EXPECT_EQ(masked(tokenizer, "bake [MASK] loke"),
            joined({tokenizer.encode("bake"), {kMaskId}, tokenizer.encode(" loke")}));
}

TEST(Tokenizer, BytesStandForRareCharactersAndDecodeLeniently) {
  const Tokenizer& tokenizer = trained("no_prefix", variants()[2].options);
  const std::vector<int32_t> ids = tokenizer.encode("\u4e00");
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(tokenizer.piece(ids[0]), "<0xE4>");
  for (const int32_t id : ids) EXPECT_TRUE(tokenizer.is_byte(id));
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{ids[0], ids[1]}), "\uFFFD\uFFFD");
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{kMaskId, kUnknownId, kPadId}), "\uFFFD");
}

TEST(Tokenizer, WithoutBytesRareCharactersAreUnknown) {
  TrainOptions options = small_options();
  options.byte_fallback = false;
  const Tokenizer& tokenizer = trained("no_bytes", options);
  const std::vector<int32_t> ids = tokenizer.encode("ba \u4e00\u4e01");
  EXPECT_EQ(ids.back(), kUnknownId);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), kUnknownId), 1);
}

TEST(Tokenizer, WordsBeginAtSpacesAndAfterBreaks) {
  const Tokenizer& tokenizer = trained("unigram", small_options());
  const std::vector<int32_t> ids = tokenizer.encode("bake\nloke");
  EXPECT_TRUE(tokenizer.begins_word(kClsId, ids[0]));
  EXPECT_TRUE(tokenizer.begins_word(ids[0]));
  int begins = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    begins += tokenizer.begins_word(i == 0 ? kClsId : ids[i - 1], ids[i]) ? 1 : 0;
  }
  EXPECT_EQ(begins, 2);
  const int32_t tab = tokenizer.piece_id("<0x09>");
  EXPECT_TRUE(tokenizer.ends_in_break(tab));
  EXPECT_FALSE(tokenizer.begins_word(tab));
  EXPECT_FALSE(tokenizer.ends_in_break(tokenizer.piece_id("<0x41>")));
}

TEST(Tokenizer, TrimmingFoldsSpaces) {
  TrainOptions options = small_options();
  options.remove_extra_whitespaces = true;
  const Tokenizer& tokenizer = trained("trimmed", options);
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("  bake   loke  ")), "bake loke");
  EXPECT_TRUE(tokenizer.encode("   ").empty());
}

TEST(Tokenizer, NfkcFoldsCompatibilityCharacters) {
  TrainOptions options = small_options();
  options.normalization = Normalization::kNfkc;
  const Tokenizer& tokenizer = trained("nfkc", options);
  EXPECT_EQ(tokenizer.encode("\uff22\uff21ke\u00a0\u2460"), tokenizer.encode("BAke 1"));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("e\u0301")), "\u00e9");
}

TEST(Tokenizer, AnIdOutOfRangeIsNamed) {
  const Tokenizer& tokenizer = trained("unigram", small_options());
  EXPECT_EQ(error_of([&] { tokenizer.piece(640); }),
            "usage error: token id: expected 0 to 639, got 640");
  EXPECT_EQ(error_of([&] { tokenizer.decode(std::vector<int32_t>{-1}); }),
            "usage error: token id: expected 0 to 639, got -1");
}

TEST(Tokenizer, ManyThreadsShareOne) {
  const Tokenizer& tokenizer = trained("unigram", small_options());
  const Tokenizer& other = trained("bpe", variants()[1].options);
  KeyedRng rng(5, Purpose::kTest);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) texts.push_back(random_text(rng));
  std::vector<std::vector<int32_t>> expected, expected_other;
  for (const std::string& text : texts) {
    expected.push_back(tokenizer.encode(text));
    expected_other.push_back(other.encode(text));
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (size_t k = 0; k < texts.size(); ++k) {
        EXPECT_EQ(tokenizer.encode(texts[k]), expected[k]);
        EXPECT_EQ(other.encode(texts[k]), expected_other[k]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace rexbert::tokenizer
