#pragma once

/// Private to this folder: eight floats in a register, with the names and the bits of
/// scalar/lanes.h.  Without fused multiply-add, which would round differently.

#include <immintrin.h>

#include <cstddef>

#include "frugal/kernels/target.h"
#include "frugal/tensor/blocks.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2_UNFUSED)
namespace frugal::kernels::avx2 {

struct Lanes {
  __m256 v;
};

struct Mask {
  __m256 v;
};

static inline Lanes all_lanes(float value) {
  return {_mm256_set1_ps(value)};
}
static inline Lanes operator+(Lanes a, Lanes b) {
  return {_mm256_add_ps(a.v, b.v)};
}
static inline Lanes operator-(Lanes a, Lanes b) {
  return {_mm256_sub_ps(a.v, b.v)};
}
static inline Lanes operator*(Lanes a, Lanes b) {
  return {_mm256_mul_ps(a.v, b.v)};
}
static inline Lanes operator/(Lanes a, Lanes b) {
  return {_mm256_div_ps(a.v, b.v)};
}
static inline Lanes smaller(Lanes a, Lanes b) {
  return {_mm256_min_ps(a.v, b.v)};
}
static inline Lanes larger(Lanes a, Lanes b) {
  return {_mm256_max_ps(a.v, b.v)};
}
static inline Lanes magnitude(Lanes a) {
  return {_mm256_andnot_ps(_mm256_set1_ps(-0.0F), a.v)};
}
static inline Lanes root(Lanes a) {
  return {_mm256_sqrt_ps(a.v)};
}
static inline Lanes nearest(Lanes a) {
  return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
static inline Mask below(Lanes a, Lanes b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)};
}
static inline Lanes choose(Mask mask, Lanes yes, Lanes no) {
  return {_mm256_blendv_ps(no.v, yes.v, mask.v)};
}
static inline Lanes as_half(Lanes a) {
  return {_mm256_cvtph_ps(_mm256_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT))};
}

/// Half way between level k - 1 and level k.
static constexpr float threshold(std::size_t k) {
  return 0.5F * static_cast<float>(kLevelsIQ4[k - 1] + kLevelsIQ4[k]);
}
static constexpr float level(std::size_t k) {
  return static_cast<float>(kLevelsIQ4[k]);
}

/// A search by halves: three thresholds decide on a pair of levels, and one more within it.
static inline Lanes nearest_level(Lanes a) {
  const __m256 halves = _mm256_setr_ps(threshold(4), threshold(12), threshold(2), threshold(6),
                                       threshold(10), threshold(14), 0.0F, 0.0F);
  const __m256 last = _mm256_setr_ps(threshold(1), threshold(3), threshold(5), threshold(7),
                                     threshold(9), threshold(11), threshold(13), threshold(15));
  const __m256 even = _mm256_setr_ps(level(0), level(2), level(4), level(6), level(8), level(10),
                                     level(12), level(14));
  const __m256 odd = _mm256_setr_ps(level(1), level(3), level(5), level(7), level(9), level(11),
                                    level(13), level(15));
  const auto above = [&a](__m256 limit) {  // -1 where it is
    return _mm256_castps_si256(_mm256_cmp_ps(a.v, limit, _CMP_GT_OQ));
  };
  const __m256i first = above(_mm256_set1_ps(threshold(8)));
  __m256i pair = _mm256_sub_epi32(_mm256_setzero_si256(), first);  // 0 or 1
  const __m256i second = above(_mm256_permutevar8x32_ps(halves, pair));
  pair = _mm256_sub_epi32(_mm256_add_epi32(pair, pair), second);  // 0 to 3
  const __m256i third =
      above(_mm256_permutevar8x32_ps(halves, _mm256_add_epi32(pair, _mm256_set1_epi32(2))));
  pair = _mm256_sub_epi32(_mm256_add_epi32(pair, pair), third);  // 0 to 7
  const __m256 upper = _mm256_castsi256_ps(above(_mm256_permutevar8x32_ps(last, pair)));
  return {_mm256_blendv_ps(_mm256_permutevar8x32_ps(even, pair),
                           _mm256_permutevar8x32_ps(odd, pair), upper)};
}

static inline void store_lanes(float* to, Lanes a) {
  _mm256_storeu_ps(to, a.v);
}

static inline void load_turned(const float* from, std::size_t stride, Lanes* to) {
  __m256 pairs[8];
  __m256 fours[8];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < 4; ++r) {
    const __m256 a = _mm256_loadu_ps(from + (2 * r * stride));
    const __m256 b = _mm256_loadu_ps(from + (((2 * r) + 1) * stride));
    pairs[2 * r] = _mm256_unpacklo_ps(a, b);
    pairs[(2 * r) + 1] = _mm256_unpackhi_ps(a, b);
  }
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {  // rows 0-3, rows 4-7
    const int at = 4 * half;
    fours[at] = _mm256_shuffle_ps(pairs[at], pairs[at + 2], 0x44);
    fours[at + 1] = _mm256_shuffle_ps(pairs[at], pairs[at + 2], 0xEE);
    fours[at + 2] = _mm256_shuffle_ps(pairs[at + 1], pairs[at + 3], 0x44);
    fours[at + 3] = _mm256_shuffle_ps(pairs[at + 1], pairs[at + 3], 0xEE);
  }
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k) {
    to[k] = {_mm256_permute2f128_ps(fours[k], fours[k + 4], 0x20)};
    to[k + 4] = {_mm256_permute2f128_ps(fours[k], fours[k + 4], 0x31)};
  }
}

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
