#include "batch/philox_words.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "rexbert/core/error.h"

namespace rexbert::batch {

void philox_words_portable(const WordStream& stream, uint32_t first_block, size_t blocks,
                           uint32_t* out) {
  const auto b_low = static_cast<uint32_t>(stream.b);
  const auto b_high = static_cast<uint32_t>(stream.b >> 32);
  for (size_t i = 0; i < blocks; ++i) {
    const PhiloxCounter words = philox4x32(
        {first_block + static_cast<uint32_t>(i), stream.purpose, b_low, b_high}, stream.key);
    std::memcpy(out + 4 * i, words.data(), sizeof words);
  }
}

#if defined(__x86_64__)

namespace {

struct Product {
  __m256i low, high;
};

__attribute__((target("avx2"))) inline Product multiply(__m256i a, __m256i b) {
  const __m256i even = _mm256_mul_epu32(a, b);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), b);
  return {_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA),
          _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA)};
}

// Word k of eight blocks in each w[k]; stores the blocks one behind the other.
__attribute__((target("avx2"))) inline void store_blocks(const __m256i w[4], uint32_t* out) {
  const __m256i a = _mm256_unpacklo_epi32(w[0], w[1]), b = _mm256_unpackhi_epi32(w[0], w[1]);
  const __m256i c = _mm256_unpacklo_epi32(w[2], w[3]), d = _mm256_unpackhi_epi32(w[2], w[3]);
  const __m256i blocks04 = _mm256_unpacklo_epi64(a, c), blocks15 = _mm256_unpackhi_epi64(a, c);
  const __m256i blocks26 = _mm256_unpacklo_epi64(b, d), blocks37 = _mm256_unpackhi_epi64(b, d);
  auto* to = reinterpret_cast<__m256i*>(out);
  _mm256_storeu_si256(to, _mm256_permute2x128_si256(blocks04, blocks15, 0x20));
  _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(blocks26, blocks37, 0x20));
  _mm256_storeu_si256(to + 2, _mm256_permute2x128_si256(blocks04, blocks15, 0x31));
  _mm256_storeu_si256(to + 3, _mm256_permute2x128_si256(blocks26, blocks37, 0x31));
}

}  // namespace

bool has_philox_words_avx2() { return __builtin_cpu_supports("avx2") != 0; }

__attribute__((target("avx2"))) void philox_words_avx2(const WordStream& stream,
                                                       uint32_t first_block, size_t blocks,
                                                       uint32_t* out) {
  const __m256i factor0 = _mm256_set1_epi32(static_cast<int>(0xD2511F53));
  const __m256i factor1 = _mm256_set1_epi32(static_cast<int>(0xCD9E8D57));
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  size_t i = 0;
  for (; i + 8 <= blocks; i += 8) {
    __m256i w[4] = {
        _mm256_add_epi32(
            _mm256_set1_epi32(static_cast<int>(first_block + static_cast<uint32_t>(i))), lanes),
        _mm256_set1_epi32(static_cast<int>(stream.purpose)),
        _mm256_set1_epi32(static_cast<int>(static_cast<uint32_t>(stream.b))),
        _mm256_set1_epi32(static_cast<int>(static_cast<uint32_t>(stream.b >> 32)))};
    uint32_t key0 = stream.key[0], key1 = stream.key[1];
    for (int round = 0; round < 10; ++round) {
      const Product p0 = multiply(w[0], factor0), p1 = multiply(w[2], factor1);
      const __m256i first = _mm256_xor_si256(_mm256_xor_si256(p1.high, w[1]),
                                             _mm256_set1_epi32(static_cast<int>(key0)));
      w[2] = _mm256_xor_si256(_mm256_xor_si256(p0.high, w[3]),
                              _mm256_set1_epi32(static_cast<int>(key1)));
      w[0] = first;
      w[1] = p1.low;
      w[3] = p0.low;
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
    store_blocks(w, out + 4 * i);
  }
  philox_words_portable(stream, first_block + static_cast<uint32_t>(i), blocks - i, out + 4 * i);
}

#else

bool has_philox_words_avx2() { return false; }

void philox_words_avx2(const WordStream&, uint32_t, size_t, uint32_t*) {
  throw Error(ErrorCode::kInternal, "philox_words_avx2: this machine has no AVX2");
}

#endif

void philox_words(const WordStream& stream, uint32_t first_block, size_t blocks, uint32_t* out) {
  static const bool avx2 = has_philox_words_avx2();
  (avx2 ? philox_words_avx2 : philox_words_portable)(stream, first_block, blocks, out);
}

}  // namespace rexbert::batch
