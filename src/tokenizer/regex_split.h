#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer_json.h"

namespace rexbert::tokenizer {

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
