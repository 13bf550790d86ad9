#include "tokenizer/word_cache.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <utility>

namespace rexbert::tokenizer {
namespace {

constexpr size_t kSlots = size_t{1} << 17;
constexpr size_t kMostUsed = kSlots / 2;

uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ using uint128 = unsigned __int128;
  const uint128 product = static_cast<uint128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

WordCache::WordCache() : slots_(kSlots) {}

// After wyhash (Wang Yi): multiply and fold, eight bytes at a time.
uint64_t WordCache::hash(std::string_view word) {
  constexpr uint64_t kSecret0 = 0xa0761d6478bd642f;
  constexpr uint64_t kSecret1 = 0xe7037ed1a0b428db;
  uint64_t state = word.size() * kSecret0;
  const char* at = word.data();
  size_t left = word.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t block = 0;
    std::memcpy(&block, at, 8);
    state = mix(state ^ block, kSecret1);
  }
  uint64_t tail = 0;
  std::memcpy(&tail, at, left);
  return mix(state ^ tail ^ kSecret0, kSecret1);
}

std::span<const int32_t> WordCache::find(std::string_view word, uint64_t hash) const {
  for (size_t i = hash & (kSlots - 1);; i = (i + 1) & (kSlots - 1)) {
    const Slot& slot = slots_[i];
    if (slot.ids == 0) return {};
    if (slot.hash == hash && slot.word_bytes == word.size() &&
        std::memcmp(words_.data() + slot.word_at, word.data(), word.size()) == 0) {
      return {ids_.data() + slot.ids_at, slot.ids};
    }
  }
}

void WordCache::insert(std::string_view word, uint64_t hash, std::span<const int32_t> ids) {
  if (used_ == kMostUsed) clear();
  size_t i = hash & (kSlots - 1);
  while (slots_[i].ids != 0) i = (i + 1) & (kSlots - 1);
  slots_[i] = {hash, static_cast<uint32_t>(words_.size()), static_cast<uint32_t>(ids_.size()),
               static_cast<uint32_t>(word.size()), static_cast<uint32_t>(ids.size())};
  words_.insert(words_.end(), word.begin(), word.end());
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  ++used_;
}

void WordCache::clear() {
  std::fill(slots_.begin(), slots_.end(), Slot());
  words_.clear();
  ids_.clear();
  used_ = 0;
}

uint64_t new_cache_key() {
  static std::atomic<uint64_t> keys = 0;
  return ++keys;
}

WordCache& thread_word_cache(uint64_t key) {
  struct Slot {
    uint64_t key = 0;
    std::unique_ptr<WordCache> cache;
  };
  thread_local std::array<Slot, 2> slots;
  if (slots[0].key != key) {
    std::swap(slots[0], slots[1]);
    if (slots[0].key != key) slots[0] = {key, std::make_unique<WordCache>()};
  }
  return *slots[0].cache;
}

}  // namespace rexbert::tokenizer
