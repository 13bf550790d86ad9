#include "curate/minhash.h"

#include <algorithm>
#include <cstring>

#include "rexbert/core/philox.h"

namespace rexbert::curate {
namespace {

constexpr size_t kLanes = 16;
using Vector = uint32_t __attribute__((vector_size(kLanes * sizeof(uint32_t))));

__attribute__((always_inline)) inline void hash_block(std::span<const uint32_t> set,
                                                      const uint32_t* factors,
                                                      const uint32_t* terms, uint32_t* minima) {
  Vector factor, term;
  std::memcpy(&factor, factors, sizeof(factor));
  std::memcpy(&term, terms, sizeof(term));
  Vector minimum = ~Vector{};
  for (const uint32_t element : set) {
    const Vector hash = element * factor + term;
    minimum = hash < minimum ? hash : minimum;
  }
  std::memcpy(minima, &minimum, sizeof(minimum));
}

using HashBlock = void (*)(std::span<const uint32_t>, const uint32_t*, const uint32_t*, uint32_t*);

void hash_block_generic(std::span<const uint32_t> set, const uint32_t* factors,
                        const uint32_t* terms, uint32_t* minima) {
  hash_block(set, factors, terms, minima);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void hash_block_avx2(std::span<const uint32_t> set,
                                                     const uint32_t* factors, const uint32_t* terms,
                                                     uint32_t* minima) {
  hash_block(set, factors, terms, minima);
}

HashBlock fastest() {
  return __builtin_cpu_supports("avx2") ? hash_block_avx2 : hash_block_generic;
}
#else
HashBlock fastest() { return hash_block_generic; }
#endif

}  // namespace

MinHasher::MinHasher(size_t size, uint64_t seed) {
  const size_t padded = (size + kLanes - 1) / kLanes * kLanes;
  KeyedRng random(seed, Purpose::kMinHash);
  for (size_t i = 0; i < padded; ++i) {
    factors_.push_back(random.next_u32() | 1);
    terms_.push_back(random.next_u32());
  }
}

void MinHasher::operator()(std::span<const uint32_t> set, std::span<uint32_t> signature) const {
  static const HashBlock hash = fastest();
  uint32_t minima[kLanes];
  for (size_t i = 0; i < signature.size(); i += kLanes) {
    hash(set, &factors_[i], &terms_[i], minima);
    std::copy_n(minima, std::min(kLanes, signature.size() - i), signature.begin() + i);
  }
}

}  // namespace rexbert::curate
