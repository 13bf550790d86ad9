#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/tokenizer_json.h"

namespace rexbert::tokenizer {

// Byte pairs (Sennrich et al., arXiv 1508.07909) over the bytes of a word: while two neighbours
// have a merge, the one that comes first in the list is done, leftmost first.
class BpeModel {
 public:
  explicit BpeModel(const ByteLevelBpe& spec);

  // Appends the ids of `word`, its bytes as they are.
  void encode(std::string_view word, std::vector<int32_t>& ids) const;

 private:
  struct Rule {
    uint64_t pair = kNoPair;
    uint32_t rank = 0;
    int32_t merged = 0;
  };
  static constexpr uint64_t kNoPair = ~uint64_t{0};
  struct Symbol;
  struct Candidate;
  struct Scratch;

  size_t slot_of(uint64_t pair) const;
  const Rule* find(int32_t left, int32_t right) const;
  void start(std::string_view word, std::vector<Symbol>& symbols) const;
  void propose(Scratch& scratch, int32_t left, int32_t right) const;

  std::vector<Rule> rules_;  // a hash table with open addressing
  std::array<int32_t, 256> byte_ids_;
  int32_t unknown_;
  bool fuse_unknown_;
  std::unordered_map<std::string, int32_t> whole_words_;  // with ignore_merges, by their bytes
};

}  // namespace rexbert::tokenizer
