#include "rexbert/datasets/labelled_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datasets/made_file.h"
#include "rexbert/datasets/product_pairs.h"

namespace rexbert::datasets::test {
namespace {

using testing::ElementsAre;

constexpr std::string_view kCategories =
    "{\"text\": \"iphone\", \"category\": \"Phones\", \"cluster\": 1, \"split\": \"train\"}\r\n"
    "{\"text\": \"oled tv\", \"category\": \"TVs\", \"split\": \"test\"}\n"
    "{\"text\": \"ryzen\", \"category\": \"CPUs\", \"split\": \"train\"}\n";

std::string labelled_error(std::string_view contents, std::string_view split = "",
                           const LabelSet* labels = nullptr) {
  return MadeFile(contents).error_of(
      [&](const fs::path& path) { read_labelled_texts(Env::posix(), path, split, labels); });
}

TEST(LabelledTexts, OfOneSplit) {
  const MadeFile file(kCategories);
  const LabelledTexts got = read_labelled_texts(Env::posix(), file.path(), "train");
  EXPECT_THAT(got.labels.names(), ElementsAre("CPUs", "Phones"));
  ASSERT_EQ(got.texts.size(), 2u);
  EXPECT_EQ(got.texts[0].text, "iphone");
  EXPECT_EQ(got.texts[0].label, 1);
  EXPECT_EQ(got.texts[1].line, 3u);
  EXPECT_EQ(got.texts[1].label, 0);
}

TEST(LabelledTexts, OfAllSplits) {
  const MadeFile file(kCategories);
  EXPECT_EQ(read_labelled_texts(Env::posix(), file.path(), "").texts.size(), 3u);
  const MadeFile without("{\"text\": \"a\", \"category\": \"b\"}");
  EXPECT_EQ(read_labelled_texts(Env::posix(), without.path(), "").texts.size(), 1u);
}

TEST(LabelledTexts, KeepToTheLabelsGiven) {
  const MadeFile file(kCategories);
  const LabelSet known({"TVs", "Phones"});
  EXPECT_EQ(read_labelled_texts(Env::posix(), file.path(), "test", &known).texts[0].label, 0);
  EXPECT_EQ(labelled_error(kCategories, "train", &known),
            "made.jsonl:3: expected a category of TVs, Phones, got \"CPUs\"");
}

TEST(LabelledTexts, NameTheLineOfAMistake) {
  EXPECT_EQ(labelled_error(kCategories, "dev"),
            "made.jsonl:3: expected examples of the split \"dev\", got only those of train, test");
  EXPECT_EQ(labelled_error("\n{\"text\": \"a\"}"),
            "made.jsonl:2: expected a line with a member \"category\", got none");
  EXPECT_EQ(labelled_error("{\"text\": \"a\", \"category\": \"b\"}", "train"),
            "made.jsonl:1: expected a line with a member \"split\", got none");
  EXPECT_EQ(labelled_error("{\"text\": 5, \"category\": \"b\"}"),
            "made.jsonl:1: expected a string as \"text\", got number \"5\"");
  EXPECT_EQ(labelled_error("{\"text\": \"\", \"category\": \"b\"}"),
            "made.jsonl:1: expected a text, got \"\"");
  EXPECT_EQ(labelled_error("{\"text\": \"a\", \"category\": \"\"}"),
            "made.jsonl:1: expected a category, got \"\"");
  EXPECT_EQ(labelled_error("{\"text\": \"\xC3\"}"),
            "made.jsonl:1: expected UTF-8, got \"{\\\"text\\\": \\\"\\xc3\\\"}\"");
  EXPECT_EQ(labelled_error(""), "made.jsonl:1: expected at least one example, got none");
}

std::string pair_line(std::string_view query, std::string_view id, std::string_view label,
                      std::string_view split = "train") {
  const auto quoted = [](std::string_view text) { return "\"" + std::string(text) + "\""; };
  return "{\"query\": " + quoted(query) + ", \"product_id\": " + quoted(id) +
         ", \"title\": \"title of " + std::string(id) + "\", \"label\": " + quoted(label) +
         ", \"split\": " + quoted(split) + "}\n";
}

std::string pairs_error(std::string_view contents, std::string_view split = "") {
  return MadeFile(contents).error_of(
      [&](const fs::path& path) { read_product_pairs(Env::posix(), path, split); });
}

TEST(ProductPairs, GroupByQuery) {
  const MadeFile file(pair_line("hose", "1", "E") + pair_line("lamp", "2", "S") +
                      pair_line("hose", "3", "I") + pair_line("hose", "4", "C", "test") +
                      pair_line("lamp", "5", "C"));
  const ProductPairs got = read_product_pairs(Env::posix(), file.path(), "train");
  ASSERT_EQ(got.pairs.size(), 4u);
  EXPECT_EQ(got.pairs[2].query, "hose");
  EXPECT_EQ(got.pairs[2].product_id, "3");
  EXPECT_EQ(got.pairs[2].title, "title of 3");
  EXPECT_EQ(got.pairs[2].label, EsciLabel::kIrrelevant);
  EXPECT_EQ(got.pairs[3].line, 5u);
  EXPECT_THAT(got.by_query, ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
  EXPECT_EQ(read_product_pairs(Env::posix(), file.path(), "").by_query[0].size(), 3u);
}

TEST(ProductPairs, GainOfEachLabel) {
  EXPECT_EQ(esci_gain(EsciLabel::kExact), 1.0);
  EXPECT_EQ(esci_gain(EsciLabel::kSubstitute), 0.66);
  EXPECT_EQ(esci_gain(EsciLabel::kComplement), 0.33);
  EXPECT_EQ(esci_gain(EsciLabel::kIrrelevant), 0.0);
}

TEST(ProductPairs, NameTheLineOfAMistake) {
  EXPECT_EQ(pairs_error(pair_line("hose", "1", "E") + pair_line("hose", "2", "Exact")),
            "made.jsonl:2: expected a label E, S, C or I, got \"Exact\"");
  EXPECT_EQ(pairs_error(pair_line(" ", "1", "E")),
            "made.jsonl:1: expected a text as \"query\", got none");
  EXPECT_EQ(pairs_error(pair_line("hose", "1", "E"), "test"),
            "made.jsonl:1: expected examples of the split \"test\", got only those of train");
  EXPECT_EQ(pairs_error("{\"query\": \"hose\"}"),
            "made.jsonl:1: expected a line with a member \"product_id\", got none");
  EXPECT_EQ(pairs_error("\n"), "made.jsonl:1: expected at least one example, got none");
}

}  // namespace
}  // namespace rexbert::datasets::test
