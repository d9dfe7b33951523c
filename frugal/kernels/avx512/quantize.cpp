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

static inline void quantize_block(const float* x, BlockQ8_0* out) {
  const __m512 low = _mm512_loadu_ps(x);
  const __m512 high = _mm512_loadu_ps(x + kLanes);
  auto* quants = reinterpret_cast<__m128i*>(out->qs);
  const int bits =
      _mm512_reduce_max_epi32(_mm512_max_epi32(magnitude_bits(low), magnitude_bits(high)));
  if (bits >= 0x7F800000) {
    out->d = 0x7E00;  // NaN
    _mm_storeu_si128(quants, _mm_setzero_si128());
    _mm_storeu_si128(quants + 1, _mm_setzero_si128());
    return;
  }
  const float d = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(bits))) / 127.0F;
  const float inverse = 1.0F / d;
  out->d = float_to_half(d);
  const __m512 scale = _mm512_set1_ps(std::isfinite(inverse) ? inverse : 0.0F);
  _mm_storeu_si128(quants, round_product(low, scale));
  _mm_storeu_si128(quants + 1, round_product(high, scale));
}

void quantize_row(const float* x, BlockQ8_0* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += 32) quantize_block(x + c, out++);
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
