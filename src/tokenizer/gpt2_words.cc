#include "tokenizer/gpt2_words.h"

#include "tokenizer/unicode_classes.h"

namespace rexbert::tokenizer {
namespace {

constexpr uint8_t kSplitClasses = kLetter | kNumber | kSpace;

uint8_t class_at(std::string_view text, size_t at) {
  return classes_of(character_at(text, at).point) & kSplitClasses;
}

// Bytes of "'s", "'t", "'re", "'ve", "'m", "'ll" or "'d" at the front; 0: none.
size_t contraction(std::string_view text) {
  for (const std::string_view known : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(known)) return known.size();
  }
  return 0;
}

size_t run_end(std::string_view text, size_t at, uint8_t wanted) {
  while (at < text.size() && class_at(text, at) == wanted) at += character_at(text, at).size;
  return at;
}

}  // namespace

size_t gpt2_word_end(std::string_view text) {
  if (text[0] == '\'') {
    if (const size_t size = contraction(text); size > 0) return size;
  }
  const size_t first = text[0] == ' ' ? 1 : 0;
  if (first < text.size()) {
    const uint8_t found = class_at(text, first);
    if (found != kSpace) return run_end(text, first, found);
  }
  // White space: all of it at the end of the text, else all but the last, which may belong to the
  // word behind it, unless it is the only one.
  const size_t end = run_end(text, 0, kSpace);
  if (end == text.size()) return end;
  const size_t last = character_before(text, end);
  return last > 0 ? last : end;
}

}  // namespace rexbert::tokenizer
