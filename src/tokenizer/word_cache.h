#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace rexbert::tokenizer {

// A map from words to their ids for one thread, bounded in memory (about 8 MiB): when it is full it
// starts anew, which keeps the words of the text at hand.
class WordCache {
 public:
  // Longer words are not kept.
  static constexpr size_t kMaxWordBytes = 64;

  WordCache();

  static uint64_t hash(std::string_view word);
  // The ids of `word`, or an empty span when it is not here. Valid until the next insert().
  std::span<const int32_t> find(std::string_view word, uint64_t hash) const;
  // `word` is not here, `ids` is not empty.
  void insert(std::string_view word, uint64_t hash, std::span<const int32_t> ids);

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t word_at = 0;
    uint32_t ids_at = 0;
    uint32_t word_bytes = 0;
    uint32_t ids = 0;  // 0: the slot is free
  };

  void clear();

  std::vector<Slot> slots_;
  std::vector<char> words_;
  std::vector<int32_t> ids_;
  size_t used_ = 0;
};

// Names a tokenizer to the caches; each call gives another name.
uint64_t new_cache_key();
// This thread's cache for the tokenizer `key`. A thread keeps those of the two that it used last.
WordCache& thread_word_cache(uint64_t key);

}  // namespace rexbert::tokenizer
