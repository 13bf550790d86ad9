#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "batch/made_stream.h"
#include "rexbert/batch/mask_vocabulary.h"
#include "rexbert/batch/spans.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/tokenizer/train.h"

namespace rexbert::batch {
namespace {

using testing::ElementsAre;
using tokenizer::Tokenizer;

// Trained on a few product lines, digits joined or split.
Tokenizer trained(const ScratchFolder& scratch, bool split_digits) {
  const fs::path corpus = scratch.path() / "corpus.jsonl";
  std::ofstream out(corpus);
  for (int i = 0; i < 400; ++i) {
    const Json document = {
        {"text", str_cat("Sony headphones WH-", 1000 + i, "XM4, ", i % 64, " GB, black, 5.", i % 10,
                         "-inch\nonly $", i, ".99 for size XL and a \u20AC ", i, " gift")}};
    out << document.dump() << '\n';
  }
  out.close();
  tokenizer::TrainOptions options;
  options.vocabulary_size = 512;
  options.split_digits = split_digits;
  const fs::path folder = scratch.path() / "tokenizer";
  tokenizer::train(Env::posix(), options, {corpus}, folder);
  return Tokenizer::load(Env::posix(), folder);
}

std::vector<std::string> spans_of(const Tokenizer& tokenizer, const std::string& text) {
  const SpanDetector detector(MaskVocabulary::from(tokenizer), {"Sony"});
  std::vector<int32_t> ids;
  tokenizer.encode_document(text, ids);
  std::vector<Span> spans;
  detector.find(ids, spans);
  std::vector<std::string> found;
  for (const Span& span : spans) {
    const auto count = static_cast<size_t>(span.end - span.begin);
    const std::string covered = tokenizer.decode({ids.data() + span.begin, count});
    found.push_back(str_cat(to_string(span.kind), ": ", str_trim(covered)));
  }
  return found;
}

class MaskingTokenizer : public testing::TestWithParam<bool> {};

TEST_P(MaskingTokenizer, SpansOfEncodedText) {
  const ScratchFolder scratch("masking_tokenizer");
  const Tokenizer tokenizer = trained(scratch, GetParam());
  EXPECT_THAT(spans_of(tokenizer, "Sony headphones WH-1005XM4 with 16 GB and a 5.5-inch screen"),
              ElementsAre("brand: Sony", "model number: WH-1005XM4", "quantity: 16 GB",
                          "quantity: 5.5-inch"));
  EXPECT_THAT(spans_of(tokenizer, "only $19.99 for size XL and a \u20AC 15 gift"),
              ElementsAre("price: $19.99", "size: size XL", "price: \u20AC 15"));
  // A line break parts them; "\u00D7" and "\u00BD" are spelled in bytes.
  EXPECT_THAT(spans_of(tokenizer, "only 16\nGB and 10 \u00D7 12 in, 1\u00BD GB"),
              ElementsAre("quantity: 10 \u00D7 12 in", "quantity: 1\u00BD GB"));
}

TEST_P(MaskingTokenizer, VocabularySaysWhatTheTokenizerSays) {
  const ScratchFolder scratch("masking_tokenizer");
  const Tokenizer tokenizer = trained(scratch, GetParam());
  const MaskVocabulary vocabulary = MaskVocabulary::from(tokenizer);
  vocabulary.check();
  ASSERT_EQ(vocabulary.size(), tokenizer.vocabulary_size());
  EXPECT_EQ(vocabulary.mask_id, tokenizer::kMaskId);
  int32_t special = 0;
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    EXPECT_EQ(vocabulary.special_V[id] != 0, tokenizer.is_special(id) || tokenizer.is_unused(id));
    EXPECT_EQ(vocabulary.begins_word_V[id] != 0, tokenizer.begins_word(id));
    special += vocabulary.special_V[id];
  }
  // With single digits the text gives fewer pieces than asked for.
  EXPECT_GT(special, GetParam() ? 100 : 4);
  // Every text is its words' texts with a space in front of each.
  const std::string text = "Sony  GB \u00D7 10\n x";
  std::string spelled;
  for (const int32_t id : tokenizer.encode(text)) {
    if (vocabulary.begins_word_V[id]) spelled += ' ';
    spelled += vocabulary.text_V[id];
  }
  EXPECT_EQ(spelled, " " + text);
}

INSTANTIATE_TEST_SUITE_P(SplitDigits, MaskingTokenizer, testing::Bool());

TEST(MaskVocabulary, OfByteLevelBpeSpellsTextInBytes) {
  const auto tokenizer =
      Tokenizer::load(Env::posix(), REXBERT_SOURCE_DIR "/tests/golden/byte_level");
  const MaskVocabulary vocabulary = MaskVocabulary::from(tokenizer);
  vocabulary.check();
  EXPECT_EQ(vocabulary.mask_id, tokenizer.mask_id());
  EXPECT_EQ(vocabulary.cls_id, tokenizer.cls_id());
  EXPECT_EQ(vocabulary.sep_id, tokenizer.sep_id());
  EXPECT_GT(vocabulary.mask_id, tokenizer::kMaskId);
  const std::string text = "Sony GB \u00D7 10    x \u65E5\u672C";
  std::string spelled;
  for (const int32_t id : tokenizer.encode(text)) {
    EXPECT_FALSE(vocabulary.special_V[id]);
    if (vocabulary.begins_word_V[id]) spelled += ' ';
    spelled += vocabulary.text_V[id];
  }
  EXPECT_EQ(spelled, text);
  EXPECT_THAT(spans_of(tokenizer, "only 16 GB and 10 \u00D7 12 in, 1\u00BD GB"),
              ElementsAre("quantity: 16 GB", "quantity: 10 \u00D7 12 in", "quantity: 1\u00BD GB"));
}

TEST(MaskVocabulary, ChecksItself) {
  const auto refused = [](MaskVocabulary vocabulary) { EXPECT_THROW(vocabulary.check(), Error); };
  const MaskVocabulary good{.mask_id = 0,
                            .special_V = {1, 0},
                            .begins_word_V = {0, 1},
                            .ends_in_break_V = {0, 0},
                            .text_V = {"", "a"}};
  good.check();
  MaskVocabulary bad = good;
  bad.mask_id = 1;
  refused(bad);
  bad.mask_id = 2;
  refused(bad);
  bad = good;
  bad.text_V.pop_back();
  refused(bad);
  bad = good;
  bad.special_V[1] = 1;
  refused(bad);
}

}  // namespace
}  // namespace rexbert::batch
