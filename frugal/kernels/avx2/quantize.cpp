// The same bytes as scalar/quantize.cpp.  Two details make that certain:
//
//   * The largest magnitude is taken over the bits as integers, which order like the floats and put
//     infinity and NaN on top.
//   * Round half away from zero is done on integers: with m = trunc(2 |v|), it is (m + 1) >> 1.
//     A float version, trunc(v + 0.5), would be wrong just below 0.5, and a compiler may fuse the
//     product v = x * inverse into any addition that follows, which would round differently.

#include <cmath>

#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/avx2/vector.h"
#include "frugal/tensor/half.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

static inline int max_lanes_int(__m256i v) {
  const __m128i half = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  const __m128i pair = _mm_max_epi32(half, _mm_unpackhi_epi64(half, half));
  return _mm_cvtsi128_si32(_mm_max_epi32(pair, _mm_shuffle_epi32(pair, 1)));
}

/// Largest |x| of 32 numbers, as bits; 0x7F800000 or more when one of them is not finite.
static inline int largest_magnitude_bits(const __m256 (&x)[4]) {
  const __m256i magnitude = _mm256_set1_epi32(0x7FFFFFFF);
  __m256i largest = _mm256_setzero_si256();
  for (const __m256& v : x) {
    largest = _mm256_max_epi32(largest, _mm256_and_si256(_mm256_castps_si256(v), magnitude));
  }
  return max_lanes_int(largest);
}

static inline __m256i round_product(__m256 x, __m256 inverse) {
  const __m256 twice = _mm256_mul_ps(_mm256_mul_ps(x, inverse), _mm256_set1_ps(2.0F));
  const __m256i halves = _mm256_cvttps_epi32(twice);
  const __m256i up = _mm256_add_epi32(_mm256_abs_epi32(halves), _mm256_set1_epi32(1));
  return _mm256_sign_epi32(_mm256_srli_epi32(up, 1), halves);
}

/// The sums of one block.  In each half of `pairs` dword k holds the int16 sums of places 4k, 4k +
/// 1 and of 4k + 2, 4k + 3 of 16 values.
static inline ActivationBlock sum_up(__m256i q, float scale) {
  const __m256i ones = _mm256_set1_epi8(1);
  __m256i pairs = _mm256_maddubs_epi16(ones, q);
  pairs = _mm256_add_epi16(pairs, _mm256_shuffle_epi32(pairs, 0x4E));
  pairs = _mm256_add_epi16(pairs, _mm256_shuffle_epi32(pairs, 0xB1));
  const __m256i totals = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  const __m128i low = _mm256_castsi256_si128(pairs);
  const __m128i high = _mm256_extracti128_si256(pairs, 1);
  const int half_totals[2] = {_mm256_extract_epi32(totals, 0), _mm256_extract_epi32(totals, 4)};
  ActivationBlock block;
  block.scale = scale;
  block.total = half_totals[0] + half_totals[1];
  block.sum = scale * static_cast<float>(block.total);
  block.half_sums[0] = scale * static_cast<float>(half_totals[0]);
  block.half_sums[1] = scale * static_cast<float>(half_totals[1]);
  const int both[3] = {_mm_cvtsi128_si32(_mm_add_epi16(low, high)), _mm_cvtsi128_si32(low),
                       _mm_cvtsi128_si32(high)};
  std::memcpy(block.pairs, &both[0], sizeof block.pairs);
  std::memcpy(block.half_pairs, &both[1], sizeof block.half_pairs);
  return block;
}

static inline ActivationBlock quantize_block(const float* x, std::int8_t* values) {
  const __m256 v[4] = {_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8), _mm256_loadu_ps(x + 16),
                       _mm256_loadu_ps(x + 24)};
  const int bits = largest_magnitude_bits(v);
  const bool finite = bits < 0x7F800000;
  const float scale = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(bits))) / 127.0F;
  const float inverse = 1.0F / scale;
  if (!finite || !std::isfinite(inverse)) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), _mm256_setzero_si256());
    return sum_up(_mm256_setzero_si256(), finite ? 0.0F : __builtin_nanf(""));
  }
  const __m256 factor = _mm256_set1_ps(inverse);
  const __m256i low = _mm256_packs_epi32(round_product(v[0], factor), round_product(v[1], factor));
  const __m256i high = _mm256_packs_epi32(round_product(v[2], factor), round_product(v[3], factor));
  const __m256i mixed = _mm256_packs_epi16(low, high);  // packing works in 128-bit halves
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i q = _mm256_permutevar8x32_epi32(mixed, order);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), q);
  return sum_up(q, scale);
}

void quantize_row(const float* x, std::int8_t* values, ActivationBlock* blocks, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += 32) *blocks++ = quantize_block(x + c, values + c);
}

void store_f16_row(const float* x, std::uint16_t* out, std::size_t cols) {
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) {
    const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(x + c), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + c), halves);
  }
  for (; c < cols; ++c) out[c] = float_to_half(x[c]);
}

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
