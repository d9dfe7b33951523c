// The panel product of the avx2 folder (read that one first) with registers as wide as a panel:
// sixteen rows in one register, eight activation rows at once.  There is no vpsignb here; a mask of
// the negative weights does its work.

#include "frugal/kernels/avx512/block_parts.h"
#include "frugal/kernels/avx512/panel_tile.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

/// Each addition stays beside its product: see the avx2 folder.
static inline void add_int16(__m512i& sum, __m512i v) {
  sum = _mm512_add_epi16(sum, v);
  asm("" : "+v"(sum));
}

static inline void add_int32(__m512i& sum, __m512i v) {
  sum = _mm512_add_epi32(sum, v);
  asm("" : "+v"(sum));
}

/// Pairs of int16 whose sum is that of (u - zero) x over the words [kFirst, kFirst + kWords).
template <int kZero, int kBatch, int kFirst, int kWords>
static inline void add_words(const PanelBlock& w, const Activation (&x)[kBatch], std::size_t b,
                             const std::int16_t* (&pairs)[kBatch], __m512i (&sums)[kBatch]) {
#pragma GCC unroll 8
  for (int n = 0; n < kBatch; ++n) {
    sums[n] = _mm512_setzero_si512();
    if constexpr (kZero != 0) {
      const __m512i zero = _mm512_set1_epi16(-kZero);
      sums[n] = _mm512_mullo_epi16(broadcast_word(pairs[n]), zero);
    }
  }
#pragma GCC unroll 8
  for (int k = kFirst; k < kFirst + kWords; ++k) {
    const __m512i weights = _mm512_load_si512(w.weights[k]);
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) {
      const __m512i word = broadcast_values(x[n], b, k);
      add_int16(sums[n], _mm512_maddubs_epi16(weights, word));
    }
  }
}

template <int kBatch>
static inline void add_signed(const PanelBlock& w, const Activation (&x)[kBatch], std::size_t b,
                              __m512i (&sums)[kBatch]) {
  const __m512i ones = _mm512_set1_epi16(1);
  const __m512i zero = _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int n = 0; n < kBatch; ++n) sums[n] = zero;
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) {
    const __m512i weights = _mm512_load_si512(w.weights[k]);
    const __m512i magnitudes = _mm512_abs_epi8(weights);
    const __mmask64 negative = _mm512_movepi8_mask(weights);
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) {
      const __m512i word = broadcast_values(x[n], b, k);
      const __m512i with_sign = _mm512_mask_sub_epi8(word, negative, zero, word);
      const __m512i pairs = _mm512_maddubs_epi16(magnitudes, with_sign);
      add_int32(sums[n], _mm512_madd_epi16(pairs, ones));
    }
  }
}

/// The exact sums of one block.
template <BlockFormat kFormat, int kBatch>
static inline void add_block(const PanelBlock& w, const Activation (&x)[kBatch], std::size_t b,
                             __m512i (&sums)[kBatch]) {
  const std::int16_t* pairs[kBatch];
  if constexpr (kFormat.arithmetic == Arithmetic::kSigned) {
    add_signed<kBatch>(w, x, b, sums);
  } else if constexpr (kFormat.arithmetic == Arithmetic::kSmall) {
    for (int n = 0; n < kBatch; ++n) pairs[n] = x[n].blocks[b].pairs;
    add_words<kFormat.zero, kBatch, 0, 8>(w, x, b, pairs, sums);
    const __m512i ones = _mm512_set1_epi16(1);
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) sums[n] = _mm512_madd_epi16(sums[n], ones);
  } else {
    __m512i second[kBatch];
    const __m512i groups[2] = {_mm512_load_si512(w.groups[0]), _mm512_load_si512(w.groups[1])};
    for (int n = 0; n < kBatch; ++n) pairs[n] = x[n].blocks[b].half_pairs[0];
    add_words<kFormat.zero, kBatch, 0, 4>(w, x, b, pairs, sums);
    for (int n = 0; n < kBatch; ++n) pairs[n] = x[n].blocks[b].half_pairs[1];
    add_words<kFormat.zero, kBatch, 4, 4>(w, x, b, pairs, second);
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) {
      sums[n] = _mm512_add_epi32(_mm512_madd_epi16(sums[n], groups[0]),
                                 _mm512_madd_epi16(second[n], groups[1]));
    }
  }
}

#include "frugal/kernels/avx512/panel_loops.h"
#include "frugal/kernels/panel_formats.h"

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
