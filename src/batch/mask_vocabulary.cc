#include "rexbert/batch/mask_vocabulary.h"

#include <algorithm>
#include <string_view>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::batch {
MaskVocabulary MaskVocabulary::from(const tokenizer::Tokenizer& tokenizer) {
  const int32_t size = tokenizer.vocabulary_size();
  MaskVocabulary vocabulary;
  vocabulary.mask_id = tokenizer.mask_id();
  vocabulary.cls_id = tokenizer.cls_id();
  vocabulary.sep_id = tokenizer.sep_id();
  for (int32_t id = 0; id < size; ++id) {
    const bool special = tokenizer.is_special(id) || tokenizer.is_unused(id);
    const bool begins = tokenizer.begins_word(id);
    std::string_view text = special ? std::string_view() : tokenizer.text(id);
    if (begins && !text.empty()) text.remove_prefix(1);
    vocabulary.special_V.push_back(special);
    vocabulary.begins_word_V.push_back(begins);
    vocabulary.ends_in_break_V.push_back(tokenizer.ends_in_break(id));
    vocabulary.text_V.emplace_back(text);
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
