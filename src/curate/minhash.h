#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rexbert::curate {

// MinHash signatures of sets (Broder, "On the resemblance and containment of documents", 1997):
// values i of two sets' signatures are equal with the sets' Jaccard similarity as probability.
class MinHasher {
 public:
  // Signatures of `size` values.
  MinHasher(size_t size, uint64_t seed);

  // signature[i] = min over x in set of (a_i x + b_i) mod 2^32, with odd a_i; the elements must be
  // hashes already. `signature` has `size` values, and `set` is not empty.
  void operator()(std::span<const uint32_t> set, std::span<uint32_t> signature) const;

 private:
  // Padded to whole vectors.
  std::vector<uint32_t> factors_;
  std::vector<uint32_t> terms_;
};

}  // namespace rexbert::curate
