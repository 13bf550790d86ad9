#pragma once

#include <cstddef>
#include <string_view>

namespace rexbert::tokenizer {

// Where the word that `text` (not empty) begins with ends, by the split of GPT-2:
// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t gpt2_word_end(std::string_view text);

}  // namespace rexbert::tokenizer
