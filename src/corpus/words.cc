#include "corpus/words.h"

#include <map>
#include <string>

#include "corpus/grammar.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::corpus {
namespace {

using WordLists = std::map<std::string_view, std::vector<std::string_view>>;

WordLists make_word_lists() {
  WordLists lists;
  for (const auto& group : {general_word_lists(), story_word_lists(), product_word_lists()}) {
    for (const auto& [name, words] : group) lists.emplace(name, split_words(words));
  }
  return lists;
}

}  // namespace

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    words.push_back(str_trim(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return words;
}

const std::vector<std::string_view>& word_list(std::string_view name) {
  static const WordLists lists = make_word_lists();
  const auto list = lists.find(name);
  if (list == lists.end()) {
    throw Error(ErrorCode::kInternal, str_cat("no word list ", str_quote(name)));
  }
  return list->second;
}

}  // namespace rexbert::corpus
