#include "rexbert/tasks/examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "rexbert/tokenizer/train.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::tasks {
namespace {

using ::testing::ElementsAre;

class ExampleEncoderTest : public ::testing::Test {
 protected:
  ExampleEncoderTest() {
    Env& env = Env::posix();
    std::string corpus;
    for (int i = 0; i < 200; ++i)
      corpus += "red lamp blue shoe small table\nthe shoe of the lamp\n";
    publish_file(env, folder_ / "corpus.txt", corpus);
    tokenizer::TrainOptions options;
    options.vocabulary_size = 400;
    options.threads = 1;
    tokenizer::train(env, options, {folder_ / "corpus.txt"}, folder_ / "tokenizer");
  }

  tokenizer::Tokenizer tokenizer() const {
    return tokenizer::Tokenizer::load(Env::posix(), folder_ / "tokenizer");
  }
  ExampleEncoder encoder(int64_t max_tokens) const { return {tokenizer(), max_tokens}; }

  // "red" "lamp" and "#": text that needs several tokens.
  static datasets::TaggedText tagged() {
    return {"red lamp#", {{0, 3}, {4, 8}, {8, 9}}, {1, 0, 2}, 7};
  }

  rexbert::test::TemporaryDirectory folder_;
};

TEST_F(ExampleEncoderTest, EachWordIsEncodedBehindASpaceAndKnownByItsFirstToken) {
  const Split split = encoder(64).tagged("train", {tagged()});
  const Example& example = split.examples.at(0);
  const tokenizer::Tokenizer tokenizer = this->tokenizer();
  std::vector<int32_t> wanted = {tokenizer.cls_id()};
  std::vector<int32_t> first;
  for (const char* word : {"red", "lamp", "#"}) {  // the tokenizer puts the space there itself
    first.push_back(static_cast<int32_t>(wanted.size()));
    tokenizer.encode(word, wanted);
  }
  wanted.push_back(tokenizer.sep_id());
  EXPECT_EQ(example.sequences.at(0), wanted);
  EXPECT_EQ(example.words, first);
  EXPECT_THAT(example.tags, ElementsAre(1, 0, 2));
  EXPECT_EQ(example.line, 7U);
  EXPECT_EQ(split.cut, 0);
}

TEST_F(ExampleEncoderTest, WordsThatDoNotFitAsAWholeAreCutOffButTheirTagsStay) {
  datasets::TaggedText text;
  for (int i = 0; i < 20; ++i) {
    text.words.push_back({text.text.size(), text.text.size() + 3});
    text.text += "red ";
    text.tags.push_back(0);
  }
  const Split split = encoder(10).tagged("train", {text});
  const Example& example = split.examples.at(0);
  EXPECT_EQ(split.cut, 1);
  EXPECT_EQ(example.tags.size(), 20U);
  EXPECT_LT(example.words.size(), 20U);
  EXPECT_LE(example.tokens(), 10);
  EXPECT_EQ(example.sequences[0].back(), tokenizer().sep_id());
}

TEST_F(ExampleEncoderTest, AFirstWordThatDoesNotFitIsShortened) {
  datasets::TaggedText text;
  text.text = std::string(100, '#');
  text.words = {{0, text.text.size()}};
  text.tags = {1};
  const Split split = encoder(10).tagged("train", {text});
  EXPECT_EQ(split.cut, 1);
  EXPECT_THAT(split.examples.at(0).words, ElementsAre(1));
  EXPECT_EQ(split.examples.at(0).tokens(), 10);
}

TEST_F(ExampleEncoderTest, OfTwoTextsTheLongerIsCutFirst) {
  const tokenizer::Tokenizer tokenizer = this->tokenizer();
  const datasets::GlueTask& task = datasets::glue_task("MRPC");
  const std::string two = "red lamp",
                    many = "red lamp blue shoe small table the shoe of the lamp red";
  const size_t short_length = tokenizer.encode(two).size();
  for (const bool long_first : {true, false}) {
    const Split split = encoder(16).glue(
        "train", task, {{long_first ? many : two, long_first ? two : many, 0, 0, 1}});
    const std::vector<int32_t>& sequence = split.examples.at(0).sequences.at(0);
    EXPECT_EQ(split.cut, 1);
    ASSERT_EQ(sequence.size(), 16U);
    const auto middle = std::find(sequence.begin() + 1, sequence.end(), tokenizer.sep_id());
    const size_t first = static_cast<size_t>(middle - sequence.begin()) - 1;
    EXPECT_EQ(long_first ? 13 - first : first, short_length);
  }
  const Split both = encoder(12).glue("train", task, {{many, many, 0, 0, 1}});
  const std::vector<int32_t>& sequence = both.examples.at(0).sequences.at(0);
  ASSERT_EQ(sequence.size(), 12U);
  EXPECT_EQ(sequence[5], tokenizer.sep_id());  // 4 tokens of the first, 5 of the second
}

TEST_F(ExampleEncoderTest, PairsHaveASequenceForQueryAndTitleAndKnowTheirQuery) {
  datasets::ProductPairs pairs;
  pairs.pairs = {{"red lamp", "1", "lamp", datasets::EsciLabel::kExact, 1},
                 {"shoe", "2", "red shoe", datasets::EsciLabel::kSubstitute, 2},
                 {"red lamp", "3", "shoe", datasets::EsciLabel::kIrrelevant, 3}};
  pairs.by_query = {{0, 2}, {1}};
  const Split split = encoder(64).pairs("test", pairs);
  EXPECT_EQ(split.examples[0].sequences.size(), 2U);
  EXPECT_EQ(split.examples[0].group, split.examples[2].group);
  EXPECT_NE(split.examples[0].group, split.examples[1].group);
  EXPECT_EQ(split.examples[1].target, 0.66);
  EXPECT_EQ(split.examples[1].gain, 0.1);
}

TEST_F(ExampleEncoderTest, AContextTooShortIsRefused) {
  EXPECT_THAT(rexbert::test::error_of([&] { encoder(4); }),
              ::testing::HasSubstr("max_tokens: expected at least 8 tokens, got 4"));
}

TaskData examples_of(Goal goal, uint64_t count, uint64_t in_group) {
  TaskData data;
  data.goal = goal;
  data.train.name = "train";
  for (uint64_t line = 1; line <= count; ++line) {
    Example& example = data.train.examples.emplace_back();
    example.line = line;
    example.group = static_cast<int64_t>(line / in_group);
  }
  return data;
}

TEST(HoldOutTest, TakesAShareThatIsTheSameEveryTimeAndLosesNothing) {
  TaskData train = examples_of(Goal::kClassification, 200, 1);
  TaskData again = train;
  const Split held = hold_out(train, 0.1);
  const Split held_again = hold_out(again, 0.1);
  EXPECT_EQ(held.examples.size(), 20U);
  EXPECT_EQ(train.train.examples.size(), 180U);
  std::set<uint64_t> lines;
  for (size_t i = 0; i < held.examples.size(); ++i) {
    EXPECT_EQ(held.examples[i].line, held_again.examples[i].line);
    lines.insert(held.examples[i].line);
  }
  for (const Example& example : train.train.examples) lines.insert(example.line);
  EXPECT_EQ(lines.size(), 200U);
}

TEST(HoldOutTest, KeepsTheProductsOfAQueryTogether) {
  TaskData data = examples_of(Goal::kSimilarity, 200, 10);
  const Split held = hold_out(data, 0.2);
  std::set<int64_t> here, there;
  for (const Example& example : held.examples) here.insert(example.group);
  for (const Example& example : data.train.examples) there.insert(example.group);
  EXPECT_EQ(here.size(), 4U);
  EXPECT_EQ(here.size() + there.size(), 21U);  // none on both sides
}

TEST(HoldOutTest, RefusesToHoldOutOrLeaveNearlyNothing) {
  TaskData data = examples_of(Goal::kClassification, 9, 1);
  EXPECT_THAT(
      rexbert::test::error_of([&] { hold_out(data, 0.1); }),
      ::testing::HasSubstr("held_out: expected a share that holds out and leaves at least 2 "
                           "of the 9 training examples"));
}

}  // namespace
}  // namespace rexbert::tasks
