#include "../src/tokenizer/sentence_sample.h"

#include <gmock/gmock.h>

#include "rexbert/core/philox.h"

namespace rexbert::tokenizer {
namespace {

using testing::ElementsAre;

std::vector<std::string> cut(std::string_view document, size_t max_bytes) {
  std::vector<std::string> sentences;
  cut_sentences(document, max_bytes, [&](std::string_view s) { sentences.emplace_back(s); });
  return sentences;
}

TEST(CutSentences, CutsAtLineBreaksThenSpacesThenCharacters) {
  EXPECT_THAT(cut("short", 16), ElementsAre("short"));
  EXPECT_THAT(cut("one\ntwo three four", 10), ElementsAre("one\n", "two three", "four"));
  EXPECT_THAT(cut("aaaaaaaaaaaa", 5), ElementsAre("aaaaa", "aaaaa", "aa"));
  EXPECT_THAT(cut("\u65e5\u65e5\u65e5", 5), ElementsAre("\u65e5", "\u65e5", "\u65e5"));
  EXPECT_THAT(cut("a\n \n\t\nb", 2), ElementsAre("a\n", "b"));
  EXPECT_THAT(cut(" \n ", 16), ElementsAre());
}

TEST(SentenceSample, KeepsAllThatFits) {
  SentenceSample sample(10, 100, 1);
  for (const char* sentence : {"a", "b", "c"}) sample.add(sentence);
  EXPECT_EQ(sample.bytes(), 3);
  EXPECT_THAT(sample.finish(), ElementsAre("a", "b", "c"));
}

TEST(SentenceSample, StaysInsideBothBoundsAndKeepsTheOrder) {
  SentenceSample sample(50, 400, 7);
  for (int i = 1000; i < 3000; ++i) sample.add(std::to_string(i) + std::string(i % 40, 'x'));
  EXPECT_EQ(sample.seen(), 2000);
  const std::vector<std::string> sentences = sample.finish();
  int64_t bytes = 0;
  for (const std::string& sentence : sentences) bytes += static_cast<int64_t>(sentence.size());
  EXPECT_LE(sentences.size(), 50u);
  EXPECT_LE(bytes, 400);
  EXPECT_GT(bytes, 300);
  EXPECT_TRUE(std::is_sorted(sentences.begin(), sentences.end()));
}

TEST(SentenceSample, EverySentenceIsAsLikely) {
  // 20 of 100, 2,000 times: 400 each, standard deviation 18; five of them either way.
  std::vector<int> taken(100);
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    SentenceSample sample(20, 1000, seed);
    for (int i = 0; i < 100; ++i) sample.add(std::to_string(i));
    for (const std::string& sentence : sample.finish()) ++taken[std::stoul(sentence)];
  }
  for (const int count : taken) EXPECT_NEAR(count, 400, 90);
}

}  // namespace
}  // namespace rexbert::tokenizer
