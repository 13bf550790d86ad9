#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer_json.h"

namespace rexbert::tokenizer {

// Finds added tokens in text: of those that begin leftmost the longest, one behind the other.
class AddedTokenMatcher {
 public:
  // `contents` are the tokens' contents as they stand in the text; of equal ones the first counts.
  AddedTokenMatcher(const std::vector<AddedToken>& tokens,
                    const std::vector<std::string>& contents);

  // Calls `each` for every part of `text` in order: with the token's id, or with -1 and the text
  // between tokens, which is not empty.
  template <class Each>
  void split(std::string_view text, Each&& each) const;

 private:
  struct Match {
    size_t begin = 0;
    size_t end = 0;
    const AddedToken* token = nullptr;  // null: no more
  };

  Match next(std::string_view text, size_t from) const;
  // Widens the match by the white space that its token takes; false where the token has to be a
  // word and is none. `taken` is where the match before ends.
  static bool settle(std::string_view text, size_t taken, Match& match);

  std::vector<AddedToken> tokens_;
  // The trie: children by node and byte, and the token that ends at a node.
  std::unordered_map<uint32_t, uint32_t> children_;
  std::vector<int32_t> token_of_node_;
  std::bitset<65536> pairs_;  // the two bytes that a token may begin with
};

template <class Each>
void AddedTokenMatcher::split(std::string_view text, Each&& each) const {
  size_t taken = 0;
  size_t from = 0;
  while (!tokens_.empty()) {
    Match match = next(text, from);
    if (match.token == nullptr) break;
    from = match.end;
    if (!settle(text, taken, match)) continue;
    if (taken < match.begin) each(-1, text.substr(taken, match.begin - taken));
    each(match.token->id, std::string_view());
    taken = match.end;
  }
  if (taken < text.size()) each(-1, text.substr(taken));
}

}  // namespace rexbert::tokenizer
