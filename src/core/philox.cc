#include "rexbert/core/philox.h"

#include <cstddef>
#include <utility>

namespace rexbert {
namespace {

uint32_t low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

PhiloxKey derive_key(uint64_t seed, Purpose purpose, uint64_t a) {
  const PhiloxCounter mixed = philox4x32(
      {low(a), high(a), static_cast<uint32_t>(purpose), 0x52657842u}, {low(seed), high(seed)});
  return {mixed[0], mixed[1]};
}

}  // namespace

KeyedRng::KeyedRng(uint64_t seed, Purpose purpose, uint64_t a, uint64_t b)
    : key_(derive_key(seed, purpose, a)), b_(b) {}

uint32_t KeyedRng::next_u32() {
  if (buffered_ == 0) {
    buffer_ = block(next_block_++);
    buffered_ = 4;
  }
  return buffer_[static_cast<size_t>(4 - buffered_--)];
}

uint64_t KeyedRng::next_u64() {
  const uint64_t first = next_u32();
  return first | uint64_t{next_u32()} << 32;
}

double KeyedRng::next_uniform() { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }

uint64_t KeyedRng::next_below(uint64_t bound) {
  // Rejects the incomplete last stretch, so that every value has the same number of preimages.
  const uint64_t limit = ~uint64_t{0} - (~uint64_t{0} % bound + 1) % bound;
  while (true) {
    const uint64_t word = next_u64();
    if (word <= limit) return word % bound;
  }
}

KeyedPermutation::KeyedPermutation(uint64_t size, uint64_t seed, Purpose purpose, uint64_t a)
    : size_(size), key_(derive_key(seed, purpose, a)) {
  while (half_bits_ < 32 && (uint64_t{1} << (2 * half_bits_)) < size_) ++half_bits_;
}

uint64_t KeyedPermutation::operator()(uint64_t index) const {
  constexpr uint32_t kRounds = 6;
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  do {
    uint64_t left = index >> half_bits_;
    uint64_t right = index & mask;
    for (uint32_t round = 0; round < kRounds; ++round) {
      const uint64_t mixed =
          philox4x32({low(right), round, low(size_), high(size_)}, key_)[0] & mask;
      left ^= mixed;
      std::swap(left, right);
    }
    index = left << half_bits_ | right;
  } while (index >= size_);
  return index;
}

}  // namespace rexbert
