// What the readers make of the shared real data, where it is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "rexbert/datasets/labelled_text.h"
#include "rexbert/datasets/product_pairs.h"
#include "rexbert/datasets/tagged_text.h"
#include "support/paths.h"

namespace rexbert::datasets {
namespace {

using rexbert::test::shared_data;

TEST(SharedData, QueryNerHasTagsOfOneSet) {
  const fs::path folder = shared_data("eval/queryner");
  REXBERT_SKIP_WITHOUT(folder);
  const TaggedTexts train = read_bio_json(Env::posix(), folder / "train.jsonl");
  EXPECT_EQ(train.texts.size(), 7831u);
  EXPECT_EQ(train.tags.size(), 2 * 17 + 1);
  EXPECT_EQ(read_bio_json(Env::posix(), folder / "validation.jsonl", &train.tags).texts.size(),
            868u);
  EXPECT_EQ(read_bio_json(Env::posix(), folder / "test.jsonl", &train.tags).texts.size(), 991u);
}

TEST(SharedData, AttributesOfAe110kLoseFewSpans) {
  const fs::path folder = shared_data("eval/ae110k");
  REXBERT_SKIP_WITHOUT(folder);
  const TaggedTexts train = read_attribute_spans(Env::posix(), folder / "train.jsonl");
  EXPECT_EQ(train.texts.size(), 1568u);
  uint64_t begun = 0;
  for (const TaggedText& text : train.texts) {
    for (const int tag : text.tags) begun += train.tags.name(tag).starts_with("B-") ? 1 : 0;
  }
  EXPECT_EQ(begun + train.dropped_spans, 3769u);  // as many as the file has
  EXPECT_EQ(train.dropped_spans, 197u);
  const TaggedTexts test = read_attribute_spans(Env::posix(), folder / "test.jsonl", &train.tags);
  EXPECT_EQ(test.texts.size(), 524u);
}

TEST(SharedData, EsciHasTwoSplits) {
  const fs::path path = shared_data("eval/esci.jsonl");
  REXBERT_SKIP_WITHOUT(path);
  const ProductPairs train = read_product_pairs(Env::posix(), path, "train");
  const ProductPairs test = read_product_pairs(Env::posix(), path, "test");
  EXPECT_EQ(train.pairs.size(), 1282u);
  EXPECT_EQ(test.pairs.size(), 606u);
  std::set<std::string> queries;
  for (const ProductPair& pair : test.pairs) queries.insert(pair.query);
  EXPECT_EQ(test.by_query.size(), queries.size());
}

TEST(SharedData, CategoriesAreTheSameInAllSplits) {
  const fs::path path = shared_data("eval/product_category.jsonl");
  REXBERT_SKIP_WITHOUT(path);
  const LabelledTexts train = read_labelled_texts(Env::posix(), path, "train");
  EXPECT_EQ(train.labels.size(), 10);
  EXPECT_EQ(train.texts.size(), 28060u);
  EXPECT_EQ(read_labelled_texts(Env::posix(), path, "validation", &train.labels).texts.size(),
            3474u);
  EXPECT_EQ(read_labelled_texts(Env::posix(), path, "test", &train.labels).texts.size(), 3777u);
}

}  // namespace
}  // namespace rexbert::datasets
