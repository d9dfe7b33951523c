// The same bytes as scalar/quantize.cpp, for the reasons given in avx2/quantize.cpp: the largest
// magnitude and the rounding are computed on integers.

#include <cmath>

#include "frugal/kernels/avx512/functions.h"
#include "frugal/kernels/avx512/vector.h"
#include "frugal/tensor/half.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

static inline __m512i magnitude_bits(__m512 x) {
  return _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7FFFFFFF));
}

/// Rounds sixteen products half away from zero, to bytes.
static inline __m128i round_product(__m512 x, __m512 inverse) {
  const __m512 twice = _mm512_mul_ps(_mm512_mul_ps(x, inverse), _mm512_set1_ps(2.0F));
  const __m512i halves = _mm512_cvttps_epi32(twice);
  const __m512i up = _mm512_add_epi32(_mm512_abs_epi32(halves), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_srli_epi32(up, 1);
  const __mmask16 negative = _mm512_movepi32_mask(halves);
  const __m512i zero = _mm512_setzero_si512();
  return _mm512_cvtepi32_epi8(_mm512_mask_sub_epi32(rounded, negative, zero, rounded));
}

/// The sums of one block, as in the avx2 folder, from its halves.
static inline ActivationBlock sum_up(__m128i low, __m128i high, float scale) {
  const __m128i halves[2] = {low, high};
  ActivationBlock block;
  block.scale = scale;
  int half_totals[2];
  __m128i both = _mm_setzero_si128();
  for (int half = 0; half < 2; ++half) {
    __m128i pairs = _mm_maddubs_epi16(_mm_set1_epi8(1), halves[half]);
    pairs = _mm_add_epi16(pairs, _mm_shuffle_epi32(pairs, 0x4E));
    pairs = _mm_add_epi16(pairs, _mm_shuffle_epi32(pairs, 0xB1));
    half_totals[half] = _mm_cvtsi128_si32(_mm_madd_epi16(pairs, _mm_set1_epi16(1)));
    const int bits = _mm_cvtsi128_si32(pairs);
    std::memcpy(block.half_pairs[half], &bits, sizeof bits);
    both = _mm_add_epi16(both, pairs);
    block.half_sums[half] = scale * static_cast<float>(half_totals[half]);
  }
  const int bits = _mm_cvtsi128_si32(both);
  std::memcpy(block.pairs, &bits, sizeof bits);
  block.total = half_totals[0] + half_totals[1];
  block.sum = scale * static_cast<float>(block.total);
  return block;
}

static inline ActivationBlock quantize_block(const float* x, std::int8_t* values) {
  const __m512 first = _mm512_loadu_ps(x);
  const __m512 second = _mm512_loadu_ps(x + kLanes);
  auto* stored = reinterpret_cast<__m128i*>(values);
  const int bits =
      _mm512_reduce_max_epi32(_mm512_max_epi32(magnitude_bits(first), magnitude_bits(second)));
  const bool finite = bits < 0x7F800000;
  const float scale = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(bits))) / 127.0F;
  const float inverse = 1.0F / scale;
  if (!finite || !std::isfinite(inverse)) {
    const __m128i zero = _mm_setzero_si128();
    _mm_storeu_si128(stored, zero);
    _mm_storeu_si128(stored + 1, zero);
    return sum_up(zero, zero, finite ? 0.0F : __builtin_nanf(""));
  }
  const __m512 factor = _mm512_set1_ps(inverse);
  const __m128i low = round_product(first, factor);
  const __m128i high = round_product(second, factor);
  _mm_storeu_si128(stored, low);
  _mm_storeu_si128(stored + 1, high);
  return sum_up(low, high, scale);
}

void quantize_row(const float* x, std::int8_t* values, ActivationBlock* blocks, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += 32) *blocks++ = quantize_block(x + c, values + c);
}

void store_f16_row(const float* x, std::uint16_t* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    const __m256i halves = _mm512_cvtps_ph(load(x + c, lanes), _MM_FROUND_TO_NEAREST_INT);
    _mm256_mask_storeu_epi16(out + c, lanes, halves);
  }
}

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
