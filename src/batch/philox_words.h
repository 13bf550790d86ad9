#pragma once

#include <cstddef>
#include <cstdint>

#include "rexbert/core/philox.h"

namespace rexbert::batch {

// What names a stream of words: KeyedRng's key, `b`, and the upper half of its block index.
struct WordStream {
  PhiloxKey key;
  uint64_t b = 0;
  uint32_t purpose = 0;
};

// out[4 i + k] = word k of block `first_block` + i, for i in [0, blocks): KeyedRng::block() of
// purpose << 32 | block. The path is chosen at run time; all give the same words.
void philox_words(const WordStream& stream, uint32_t first_block, size_t blocks, uint32_t* out);

void philox_words_portable(const WordStream& stream, uint32_t first_block, size_t blocks,
                           uint32_t* out);

// Whether this machine has the path below; calling it elsewhere is an error.
bool has_philox_words_avx2();
void philox_words_avx2(const WordStream& stream, uint32_t first_block, size_t blocks,
                       uint32_t* out);

}  // namespace rexbert::batch
