#pragma once

#include <cstdint>
#include <vector>

#include "rexbert/curate/words.h"

namespace rexbert::curate {

// 64-bit hashes of all runs of words of a text, each in constant time: a polynomial of the words'
// own hashes, modulo 2^64, in the manner of Karp and Rabin (1987), mixed.
class NgramHashes {
 public:
  // Takes the words of another text; what was allocated is used again.
  void assign(const Words& words);

  // Of words first, ..., first + count - 1.
  uint64_t operator()(size_t first, size_t count) const;

 private:
  std::vector<uint64_t> prefixes_ = {0};  // of the first i words
  std::vector<uint64_t> powers_ = {1};
};

}  // namespace rexbert::curate
