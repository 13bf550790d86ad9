#include "tokenizer/sentence_sample.h"

#include <algorithm>
#include <utility>

#include "rexbert/core/philox.h"

namespace rexbert::tokenizer {
namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

void cut_sentences(std::string_view document, size_t max_bytes,
                   const std::function<void(std::string_view)>& take) {
  while (!document.empty()) {
    size_t size = document.size();
    size_t skip = 0;
    if (size > max_bytes) {
      const std::string_view head = document.substr(0, max_bytes);
      const size_t line_break = head.rfind('\n');
      const size_t space = head.rfind(' ');
      if (line_break != std::string_view::npos) {
        size = line_break + 1;
      } else if (space != std::string_view::npos && space > 0) {
        size = space;
        skip = 1;
      } else {
        size = max_bytes;
        while (size > 1 && is_continuation(document[size])) --size;
      }
    }
    const std::string_view sentence = document.substr(0, size);
    if (sentence.find_first_not_of(" \t\r\n") != std::string_view::npos) take(sentence);
    document.remove_prefix(size + skip);
  }
}

void SentenceSample::add(std::string_view sentence) {
  const int64_t position = seen_++;
  const uint64_t key =
      KeyedRng(seed_, Purpose::kTokenizerSampling, 0, static_cast<uint64_t>(position)).next_u64();
  if (key >= first_key_left_out_) return;
  heap_.push_back({key, position, std::string(sentence)});
  std::push_heap(heap_.begin(), heap_.end());
  bytes_ += static_cast<int64_t>(sentence.size());
  while (static_cast<int64_t>(heap_.size()) > max_sentences_ || bytes_ > max_bytes_) {
    std::pop_heap(heap_.begin(), heap_.end());
    first_key_left_out_ = heap_.back().key;
    bytes_ -= static_cast<int64_t>(heap_.back().text.size());
    heap_.pop_back();
  }
}

std::vector<std::string> SentenceSample::finish() {
  std::sort(heap_.begin(), heap_.end(),
            [](const Entry& a, const Entry& b) { return a.position < b.position; });
  std::vector<std::string> sentences;
  sentences.reserve(heap_.size());
  for (Entry& entry : heap_) sentences.push_back(std::move(entry.text));
  heap_.clear();
  return sentences;
}

}  // namespace rexbert::tokenizer
