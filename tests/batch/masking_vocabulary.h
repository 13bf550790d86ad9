#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/batch/mask_vocabulary.h"

namespace rexbert::batch {

// A vocabulary made by hand: [PAD], [UNK], [CLS], [SEP], [MASK], then what add() appends.
struct MadeVocabulary {
  MaskVocabulary vocabulary;

  MadeVocabulary() {
    for (int32_t id = 0; id < 5; ++id) add("", false, true);
    vocabulary.mask_id = 4;
  }

  int32_t add(const std::string& text, bool begins, bool special = false) {
    vocabulary.special_V.push_back(special);
    vocabulary.begins_word_V.push_back(begins);
    vocabulary.ends_in_break_V.push_back(special || text == "\n");
    vocabulary.text_V.push_back(text);
    return vocabulary.size() - 1;
  }
};

inline constexpr int32_t kCls = 2;
inline constexpr int32_t kSep = 3;

// One id for every byte, in words and in front of them; and an encoder that cuts text into bytes.
struct ByteVocabulary : MadeVocabulary {
  int32_t first;

  ByteVocabulary() : first(vocabulary.size()) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::string text(1, static_cast<char>(byte));
      add(text, false);
      add(text, true);
    }
    add("", true);  // a space in front of a space
  }

  std::vector<int32_t> encode(std::string_view text) const {
    std::vector<int32_t> ids;
    bool begins = true;
    for (const char c : text) {
      if (c == ' ') {
        if (begins && !ids.empty()) ids.push_back(first + 512);
        begins = true;
        continue;
      }
      ids.push_back(first + 2 * static_cast<unsigned char>(c) + begins);
      begins = false;
    }
    return ids;
  }
};

}  // namespace rexbert::batch
