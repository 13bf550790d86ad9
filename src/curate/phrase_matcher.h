#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "curate/lexicon.h"
#include "curate/line_tokens.h"

namespace rexbert::curate {

// Finds the phrases of lexicons in lines.
class PhraseMatcher {
 public:
  explicit PhraseMatcher(std::vector<LexiconGroup> groups);

  const std::vector<LexiconGroup>& groups() const { return groups_; }

  // For each group, how many different phrases of it the line has. Of phrases of one group that
  // begin at one token only the longest counts.
  std::vector<uint32_t> count(const std::vector<LineToken>& tokens) const;

 private:
  struct Phrase {
    std::vector<std::string> rest;  // after the first token
    uint32_t group;
    uint32_t number;  // of the phrase; its plurals have the same
  };

  void add(std::string_view phrase, uint32_t group, uint32_t number);

  std::vector<LexiconGroup> groups_;
  std::unordered_map<std::string, std::vector<Phrase>> by_first_;
};

}  // namespace rexbert::curate
