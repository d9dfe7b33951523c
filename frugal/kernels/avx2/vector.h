#pragma once

/// Private to this folder: eight floats at a time, their tails, and exp.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "frugal/kernels/target.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

inline constexpr std::size_t kLanes = 8;

static inline float sum_lanes(__m256 v) {
  const __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 pair = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
}

static inline float max_lanes(__m256 v) {
  const __m128 half = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 pair = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
}

/// All ones in the first `count` lanes.
static inline __m256i first_lanes(std::size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/// The first `count` floats, zeros after them; touches no other memory.
static inline __m256 load_first(const float* from, std::size_t count) {
  return _mm256_maskload_ps(from, first_lanes(count));
}

static inline void store_first(float* to, std::size_t count, __m256 v) {
  _mm256_maskstore_ps(to, first_lanes(count), v);
}

/// 2^n for integers n in [-126, 127].
static inline __m256 power_of_two(__m256i n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

/// exp(x) = 2^n exp(r) with n = round(x / ln 2) and |r| <= ln(2) / 2: a polynomial in r, within 2
/// ulp.  Denormal results, 0, infinity and NaN come out as from std::exp: x is clamped just outside
/// the range where the result is neither, and 2^n is applied in two halves that cannot overflow.
/// Source: the constants of Cephes expf (netlib.org/cephes).
static inline __m256 exp_lanes(__m256 x) {
  // min and max give their second operand when one is NaN.
  x = _mm256_max_ps(_mm256_set1_ps(-105.0F), x);
  x = _mm256_min_ps(_mm256_set1_ps(89.0F), x);
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504F)),
                                   _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375F), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4F), r);
  __m256 p = _mm256_set1_ps(1.9875691500e-4F);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3F));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3F));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2F));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1F));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1F));
  p = _mm256_fmadd_ps(_mm256_mul_ps(p, r), r, _mm256_add_ps(r, _mm256_set1_ps(1.0F)));
  const __m256i whole = _mm256_cvtps_epi32(n);
  const __m256i half = _mm256_srai_epi32(whole, 1);
  p = _mm256_mul_ps(p, power_of_two(half));
  return _mm256_mul_ps(p, power_of_two(_mm256_sub_epi32(whole, half)));
}

/// cap * tanh(x / cap), tanh(u) = sign(u) (1 - e) / (1 + e) with e = exp(-2 |u|).
static inline __m256 capped(__m256 x, float cap) {
  const __m256 sign = _mm256_and_ps(x, _mm256_set1_ps(-0.0F));
  const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0F), x);
  const __m256 e = exp_lanes(_mm256_mul_ps(magnitude, _mm256_set1_ps(-2.0F / cap)));
  const __m256 one = _mm256_set1_ps(1.0F);
  const __m256 t = _mm256_div_ps(_mm256_sub_ps(one, e), _mm256_add_ps(one, e));
  return _mm256_or_ps(_mm256_mul_ps(t, _mm256_set1_ps(cap)), sign);
}

/// How a stored float format becomes eight floats; `load_first` touches only `count` elements.
struct StoredF32 {
  static constexpr std::size_t kBytes = 4;
  static __m256 load(const std::byte* from) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(from));
  }
  static __m256 load_first(const std::byte* from, std::size_t count) {
    return avx2::load_first(reinterpret_cast<const float*>(from), count);
  }
};

struct StoredF16 {
  static constexpr std::size_t kBytes = 2;
  static __m256 load(const std::byte* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static __m256 load_first(const std::byte* from, std::size_t count) {
    std::byte whole[16]{};
    std::memcpy(whole, from, count * kBytes);
    return load(whole);
  }
};

struct StoredBf16 {
  static constexpr std::size_t kBytes = 2;
  static __m256 load(const std::byte* from) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  }
  static __m256 load_first(const std::byte* from, std::size_t count) {
    std::byte whole[16]{};
    std::memcpy(whole, from, count * kBytes);
    return load(whole);
  }
};

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
