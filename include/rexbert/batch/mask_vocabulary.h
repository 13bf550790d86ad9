#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rexbert::tokenizer {
class Tokenizer;
}

namespace rexbert::batch {

// What masking has to know of a vocabulary of V ids. Made from a tokenizer, or by hand in tests.
struct MaskVocabulary {
  int32_t mask_id = 0;
  // What stands around a document; those of tokenizers that train() made.
  int32_t cls_id = 2;
  int32_t sep_id = 3;
  // 1 for special and unused ids: never masked, never drawn as a random replacement.
  std::vector<uint8_t> special_V;
  // 1 where the piece starts a word (after white space).
  std::vector<uint8_t> begins_word_V;
  // 1 where whatever follows starts a word: the piece ends in a line break or the like.
  std::vector<uint8_t> ends_in_break_V;
  // The bytes that the piece stands for, which may be a part of a character, without the space in
  // front of a word; empty for special and unused ids.
  std::vector<std::string> text_V;

  static MaskVocabulary from(const tokenizer::Tokenizer& tokenizer);

  int32_t size() const { return static_cast<int32_t>(special_V.size()); }
  // Throws Error(kUsage) unless all vectors have one length, the mask id is in range and special,
  // and at least one id is not special.
  void check() const;
};

}  // namespace rexbert::batch
