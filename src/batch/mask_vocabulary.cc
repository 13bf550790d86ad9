#include "rexbert/batch/mask_vocabulary.h"

#include <algorithm>
#include <string_view>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::batch {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

// "<0x0A>" of the byte fallback.
std::string byte_text(std::string_view piece) {
  return std::string(1, static_cast<char>(std::stoi(std::string(piece.substr(3, 2)), nullptr, 16)));
}

std::string piece_text(std::string_view piece) {
  if (piece.starts_with(kSpaceMark)) piece.remove_prefix(kSpaceMark.size());
  std::string text;
  for (size_t at = 0; at < piece.size();) {
    const bool space = piece.substr(at).starts_with(kSpaceMark);
    text += space ? ' ' : piece[at];
    at += space ? kSpaceMark.size() : 1;
  }
  return text;
}

}  // namespace

MaskVocabulary MaskVocabulary::from(const tokenizer::Tokenizer& tokenizer) {
  const int32_t size = tokenizer.vocabulary_size();
  MaskVocabulary vocabulary;
  vocabulary.mask_id = tokenizer::kMaskId;
  for (int32_t id = 0; id < size; ++id) {
    const bool special = tokenizer.is_special(id) || tokenizer.is_unused(id);
    vocabulary.special_V.push_back(special);
    vocabulary.begins_word_V.push_back(tokenizer.begins_word(id));
    vocabulary.ends_in_break_V.push_back(tokenizer.ends_in_break(id));
    vocabulary.text_V.push_back(special                 ? std::string()
                                : tokenizer.is_byte(id) ? byte_text(tokenizer.piece(id))
                                                        : piece_text(tokenizer.piece(id)));
  }
  return vocabulary;
}

void MaskVocabulary::check() const {
  const size_t size = special_V.size();
  if (begins_word_V.size() != size || ends_in_break_V.size() != size || text_V.size() != size) {
    throw Error(ErrorCode::kUsage,
                str_cat("mask vocabulary: expected ", size, " entries in every list, got ",
                        begins_word_V.size(), ", ", ends_in_break_V.size(), ", ", text_V.size()));
  }
  if (mask_id < 0 || mask_id >= static_cast<int64_t>(size) || !special_V[mask_id]) {
    throw Error(
        ErrorCode::kUsage,
        str_cat("mask vocabulary: expected a special token as mask, got ", mask_id, " of ", size));
  }
  if (std::all_of(special_V.begin(), special_V.end(), [](uint8_t flag) { return flag != 0; })) {
    throw Error(ErrorCode::kUsage, "mask vocabulary: expected a token that is not special");
  }
}

}  // namespace rexbert::batch
