#include "curate/ngram_hashes.h"

#include "rexbert/core/hash.h"

namespace rexbert::curate {
namespace {

constexpr uint64_t kBase = 0x9E3779B97F4A7C15;

// The finalizer of MurmurHash3.
uint64_t mix(uint64_t x) {
  x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD;
  x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53;
  return x ^ x >> 33;
}

}  // namespace

void NgramHashes::assign(const Words& words) {
  prefixes_.resize(words.size() + 1);
  for (size_t i = 0; i < words.size(); ++i) {
    prefixes_[i + 1] = prefixes_[i] * kBase + hash64(words[i]);
  }
  while (powers_.size() < prefixes_.size()) powers_.push_back(powers_.back() * kBase);
}

uint64_t NgramHashes::operator()(size_t first, size_t count) const {
  return mix(prefixes_[first + count] - prefixes_[first] * powers_[count]);
}

}  // namespace rexbert::curate
