#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert::curate {

// The words of texts as they are compared: lower-case, each with one blank between, without
// anything else. Letters, digits and marks make words; white space, punctuation and symbols
// separate them. Scripts without blanks between words (Han, kana, Thai, Lao, Myanmar, Khmer) give
// a word for each character. Lower case and kinds of characters come from a small table of the
// scripts in use (Latin, Greek, Cyrillic, Armenian, Georgian, full-width forms); composed and
// decomposed accents stay different. A byte that is not UTF-8 separates words.
class Words {
 public:
  Words() = default;
  explicit Words(std::string_view text) { append(text); }

  // Adds the words of `text` behind those there are. All together may have 4 GiB; throws
  // Error(kUsage) beyond.
  void append(std::string_view text);
  void clear();

  size_t size() const { return begins_.size(); }
  std::string_view operator[](size_t i) const { return span(i, 1); }
  // Words first, ..., first + count - 1 with one blank between; first + count <= size().
  std::string_view span(size_t first, size_t count) const;
  // All of them.
  std::string_view text() const { return text_; }

 private:
  void begin_word();

  std::string text_;
  std::vector<uint32_t> begins_;  // of each word in text_
};

}  // namespace rexbert::curate
