#pragma once

#include <array>
#include <cstdint>

namespace rexbert {

// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3" (SC 2011): a bijection of a 128-bit counter under a 64-bit key. There is no state: the
// same key and counter give the same four words on every machine.
using PhiloxCounter = std::array<uint32_t, 4>;
using PhiloxKey = std::array<uint32_t, 2>;

constexpr PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53} * counter[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(product0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

// What a draw is for. Draws for different purposes never share a key. Values are part of the data
// order's definition: never renumber.
enum class Purpose : uint32_t {
  kInitialization = 1,
  kDropout = 2,
  kSliceOrder = 3,
  kWindowOrder = 4,
  kMixture = 5,
  kMasking = 6,
  kHoldout = 7,
  kSampleCorpus = 8,
  kEvaluationMasking = 9,
  kTokenizerSampling = 10,
  kTest = 11,
  kCurationHoldout = 12,
  kDocumentSample = 13,
  kBootstrap = 14,
  kMinHash = 15,
  kRetryDelay = 16,
  kExploration = 17,
  kAudit = 18,
  kReportLines = 19,
  kHeadOrder = 20,
};

// A stream of random words named by (seed, purpose, a, b); `a` and `b` are whatever identifies the
// draw: an epoch and a sample, a layer and a row.
class KeyedRng {
 public:
  KeyedRng(uint64_t seed, Purpose purpose, uint64_t a = 0, uint64_t b = 0);

  // The i-th block of four words of this stream; does not move the stream.
  PhiloxCounter block(uint64_t i) const {
    return philox4x32({static_cast<uint32_t>(i), static_cast<uint32_t>(i >> 32),
                       static_cast<uint32_t>(b_), static_cast<uint32_t>(b_ >> 32)},
                      key_);
  }

  uint32_t next_u32();
  uint64_t next_u64();
  // Uniform in [0, 1), 53 bits.
  double next_uniform();
  // Uniform in [0, bound), bound > 0, without bias.
  uint64_t next_below(uint64_t bound);

  PhiloxKey key() const { return key_; }

 private:
  PhiloxKey key_;
  uint64_t b_;
  uint64_t next_block_ = 0;
  PhiloxCounter buffer_{};
  int buffered_ = 0;
};

// A pseudo-random permutation of [0, size) evaluated at single points in constant memory: a Feistel
// network with Philox as round function, walked until it lands inside the range (Black and Rogaway,
// "Ciphers with arbitrary finite domains", 2002).
class KeyedPermutation {
 public:
  KeyedPermutation(uint64_t size, uint64_t seed, Purpose purpose, uint64_t a = 0);

  uint64_t size() const { return size_; }
  // The image of `index`; index < size().
  uint64_t operator()(uint64_t index) const;

 private:
  uint64_t size_;
  int half_bits_ = 0;
  PhiloxKey key_;
};

}  // namespace rexbert
