#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert::tokenizer {

// Cuts a document into sentences of at most `max_bytes`: behind its last line break inside the
// limit, else at its last space (which is dropped), else between characters. Sentences of white
// space are left out.
void cut_sentences(std::string_view document, size_t max_bytes,
                   const std::function<void(std::string_view)>& take);

// A uniform sample of a stream of sentences, bounded in number and bytes. Each sentence has a key
// drawn by (seed, its position); the sample is the longest prefix in the order of the keys that
// stays inside both bounds, whatever came when.
class SentenceSample {
 public:
  SentenceSample(int64_t max_sentences, int64_t max_bytes, uint64_t seed)
      : max_sentences_(max_sentences), max_bytes_(max_bytes), seed_(seed) {}

  void add(std::string_view sentence);
  // The sampled sentences in the order of the stream; ends the sample.
  std::vector<std::string> finish();

  int64_t seen() const { return seen_; }
  int64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    uint64_t key;
    int64_t position;
    std::string text;
    bool operator<(const Entry& other) const {
      return key != other.key ? key < other.key : position < other.position;
    }
  };

  int64_t max_sentences_;
  int64_t max_bytes_;
  uint64_t seed_;
  int64_t seen_ = 0;
  int64_t bytes_ = 0;
  uint64_t first_key_left_out_ = ~uint64_t{0};
  std::vector<Entry> heap_;  // the largest key on top
};

}  // namespace rexbert::tokenizer
