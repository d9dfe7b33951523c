// The panel product with vpdpbusd, which multiplies bytes without sign by bytes with sign and adds
// four such products to an int32, without saturation.  Weights keep their zero point, and each sum
// starts at -zero * (the sum of its activations); signed weights become w + 128.

#include "frugal/kernels/avx512/panel_tile.h"
#include "frugal/kernels/avx512vnni/block_parts.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512VNNI)
namespace frugal::kernels::avx512vnni {

using avx512::broadcast_word;

/// sum += the products of four columns.  In assembler so that the four activations are broadcast by
/// the multiplying instruction itself: compilers load them apart, which costs a slot of every two.
static inline void add_products(__m512i& sum, __m512i weights, const std::int8_t* values) {
  const auto& four = *reinterpret_cast<const std::int8_t(*)[4]>(values);
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(weights), "m"(four));
}

/// -zero * (sum of the activations of which these are the int16 sums by pairs).
template <int kZero>
static inline __m512i start(const std::int16_t* pairs) {
  if constexpr (kZero == 0) return _mm512_setzero_si512();
  return _mm512_madd_epi16(broadcast_word(pairs), _mm512_set1_epi16(-kZero));
}

/// Adds the products of words [kFirst, kFirst + kWords); the sign bits of weights flipped if told
/// so.
template <bool kFlip, int kBatch, int kFirst, int kWords>
static inline void add_words(const PanelBlock& w, const Activation (&x)[kBatch], std::size_t b,
                             __m512i (&sums)[kBatch]) {
#pragma GCC unroll 8
  for (int k = kFirst; k < kFirst + kWords; ++k) {
    __m512i weights = _mm512_load_si512(w.weights[k]);
    if constexpr (kFlip) weights = _mm512_xor_si512(weights, _mm512_set1_epi8(-128));
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) {
      add_products(sums[n], weights, x[n].values + (32 * b) + static_cast<std::size_t>(4 * k));
    }
  }
}

/// The exact sums of one block.
template <BlockFormat kFormat, int kBatch>
static inline void add_block(const PanelBlock& w, const Activation (&x)[kBatch], std::size_t b,
                             __m512i (&sums)[kBatch]) {
  if constexpr (kFormat.arithmetic != Arithmetic::kGrouped) {
    constexpr bool kSigned = kFormat.arithmetic == Arithmetic::kSigned;
    for (int n = 0; n < kBatch; ++n) {
      sums[n] = start < kSigned ? 128 : kFormat.zero > (x[n].blocks[b].pairs);
    }
    add_words<kSigned, kBatch, 0, 8>(w, x, b, sums);
  } else {
    __m512i second[kBatch];
    for (int n = 0; n < kBatch; ++n) {
      sums[n] = start<kFormat.zero>(x[n].blocks[b].half_pairs[0]);
      second[n] = start<kFormat.zero>(x[n].blocks[b].half_pairs[1]);
    }
    add_words<false, kBatch, 0, 4>(w, x, b, sums);
    add_words<false, kBatch, 4, 4>(w, x, b, second);
    const __m512i groups[2] = {_mm512_srai_epi32(_mm512_load_si512(w.groups[0]), 16),
                               _mm512_srai_epi32(_mm512_load_si512(w.groups[1]), 16)};
#pragma GCC unroll 8
    for (int n = 0; n < kBatch; ++n) {
      sums[n] = _mm512_add_epi32(_mm512_mullo_epi32(sums[n], groups[0]),
                                 _mm512_mullo_epi32(second[n], groups[1]));
    }
  }
}

#include "frugal/kernels/avx512/panel_loops.h"
#include "frugal/kernels/panel_formats.h"

}  // namespace frugal::kernels::avx512vnni
FRUGAL_TARGET_END
