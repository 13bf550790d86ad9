#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/batch/mask_vocabulary.h"

namespace rexbert::batch {

// The stretches of product text that say most: what Guided MLM masks whole.
enum class SpanKind : uint8_t { kQuantity, kSize, kModelNumber, kPrice, kBrand };
inline constexpr int kSpanKinds = 5;
// "quantity", "size", "model number", "price", "brand".
std::string_view to_string(SpanKind kind);

// [begin, end) of a text in bytes or of a sequence in tokens.
struct Span {
  int32_t begin = 0;
  int32_t end = 0;
  SpanKind kind = SpanKind::kQuantity;

  bool operator==(const Span&) const = default;
};

// Quantities with units, sizes, model numbers and prices in `text` (UTF-8), ascending and disjoint,
// in bytes. docs/masking.md lists the patterns.
std::vector<Span> find_text_spans(std::string_view text);

// Finds the spans of token sequences: find_text_spans() and a list of brands, over the words that
// the tokens spell. A span that begins or ends inside a token takes the whole token. Immutable and
// safe for many threads. Cost: about 40 ns a token in prose, 100 in text full of numbers.
class SpanDetector {
 public:
  // `brands`: names of one to four words as they are written ("Sony", "Black & Decker"); upper and
  // lower case count.
  SpanDetector(const MaskVocabulary& vocabulary, const std::vector<std::string>& brands);

  // Replaces `spans` by those of one sequence, ascending and disjoint; none holds a special token.
  void find(std::span<const int32_t> tokens_T, std::vector<Span>& spans) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace rexbert::batch
