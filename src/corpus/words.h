#pragma once

#include <string_view>
#include <vector>

namespace rexbert::corpus {

// A list of words or phrases, written as one text with commas between them.
struct WordListText {
  std::string_view name;
  std::string_view words;
};

// "a, b, c" -> {"a", "b", "c"}; the views point into `text`.
std::vector<std::string_view> split_words(std::string_view text);

// The lists themselves, by subject.
std::vector<WordListText> general_word_lists();
std::vector<WordListText> story_word_lists();
std::vector<WordListText> product_word_lists();

}  // namespace rexbert::corpus
