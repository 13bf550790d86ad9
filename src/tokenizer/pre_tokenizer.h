#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer_json.h"

namespace rexbert::tokenizer {

// Where the word that `text` (not empty) begins with ends, by the split of GPT-2:
// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t gpt2_word_end(std::string_view text);

// A Split by a regular expression of ICU. Immutable.
class RegexSplit {
 public:
  // Throws Error(kIncompatible) naming `source` for a pattern that ICU does not take.
  RegexSplit(const SplitStep& step, std::string_view source);
  ~RegexSplit();
  RegexSplit(RegexSplit&&) noexcept;

  // Calls `each` with the pieces of `text` in order, none of them empty.
  void split(std::string_view text, const std::function<void(std::string_view)>& each) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace rexbert::tokenizer
