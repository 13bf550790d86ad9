#include "../src/tokenizer/gpt2_words.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace rexbert::tokenizer {
namespace {

using testing::ElementsAre;

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const size_t size = gpt2_word_end(text);
    all.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return all;
}

TEST(Gpt2Words, AreThoseOfItsRegularExpression) {
  EXPECT_THAT(words("Hello my friend, it's  5x\u00e9 "),
              ElementsAre("Hello", " my", " friend", ",", " it", "'s", " ", " 5", "x\u00e9", " "));
  EXPECT_THAT(words("we'll 'tis '"), ElementsAre("we", "'ll", " '", "tis", " '"));
  EXPECT_THAT(words("a \n\n b"), ElementsAre("a", " \n\n", " b"));
  EXPECT_THAT(words("a\nb\t\tc"), ElementsAre("a", "\n", "b", "\t", "\t", "c"));
  EXPECT_THAT(words("  "), ElementsAre("  "));
  EXPECT_THAT(words("a\u00a0\u3000b \u00bd\u2167"),
              ElementsAre("a", "\u00a0", "\u3000", "b", " \u00bd\u2167"));
}

}  // namespace
}  // namespace rexbert::tokenizer
