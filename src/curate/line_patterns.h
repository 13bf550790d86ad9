#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "curate/line_tokens.h"
#include "rexbert/curate/weak_labeller.h"

namespace rexbert::curate {

// Evidence that no list of phrases holds: amounts, sizes, model numbers, "key: value" lines, the
// look of titles, dates, citations, dialogue.
class LinePatterns {
 public:
  LinePatterns();

  // Adds what it finds to `evidence`.
  void find(const std::vector<LineToken>& tokens, std::vector<Evidence>& evidence) const;

 private:
  void find_key(const std::vector<LineToken>& tokens, std::vector<Evidence>& evidence) const;

  std::unordered_set<std::string> product_keys_;
  std::unordered_set<std::string> other_keys_;
  std::unordered_set<std::string> units_;
  std::unordered_set<std::string> function_words_;
};

}  // namespace rexbert::curate
