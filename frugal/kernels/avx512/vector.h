#pragma once

/// Private to this folder: sixteen floats at a time, their tails by mask, and exp.

// GCC 12's own header writes `__m512 y = y` for "any value" and then warns of it (bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "frugal/kernels/target.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

inline constexpr std::size_t kLanes = 16;

/// One bit for each of the first min(left, 16) lanes.  Loops use it for every step: a full mask
/// costs nothing beside the memory access, and there is no second loop for the tail.
static inline __mmask16 first_lanes(std::size_t left) {
  return static_cast<__mmask16>(left >= kLanes ? 0xFFFFU : (1U << left) - 1U);
}

/// Reads the lanes of the mask only; zeros elsewhere.
static inline __m512 load(const float* from, __mmask16 lanes) {
  return _mm512_maskz_loadu_ps(lanes, from);
}

static inline void store(float* to, __mmask16 lanes, __m512 v) {
  _mm512_mask_storeu_ps(to, lanes, v);
}

/// exp(x) as in the avx2 folder; vscalefps applies 2^n with the right denormals and infinity.
/// Source: the constants of Cephes expf (netlib.org/cephes).
static inline __m512 exp_lanes(__m512 x) {
  // min and max give their second operand when one is NaN.
  x = _mm512_max_ps(_mm512_set1_ps(-105.0F), x);
  x = _mm512_min_ps(_mm512_set1_ps(89.0F), x);
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504F)),
                                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375F), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4F), r);
  __m512 p = _mm512_set1_ps(1.9875691500e-4F);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3981999507e-3F));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3F));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2F));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1F));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1F));
  p = _mm512_fmadd_ps(_mm512_mul_ps(p, r), r, _mm512_add_ps(r, _mm512_set1_ps(1.0F)));
  return _mm512_scalef_ps(p, n);
}

/// cap * tanh(x / cap), tanh(u) = sign(u) (1 - e) / (1 + e) with e = exp(-2 |u|).
static inline __m512 capped(__m512 x, float cap) {
  const __m512 sign = _mm512_and_ps(x, _mm512_set1_ps(-0.0F));
  const __m512 e = exp_lanes(_mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(-2.0F / cap)));
  const __m512 one = _mm512_set1_ps(1.0F);
  const __m512 t = _mm512_div_ps(_mm512_sub_ps(one, e), _mm512_add_ps(one, e));
  return _mm512_or_ps(_mm512_mul_ps(t, _mm512_set1_ps(cap)), sign);
}

/// How a stored float format becomes sixteen floats; reads the lanes of the mask only.
struct StoredF32 {
  static constexpr std::size_t kBytes = 4;
  static __m512 load(const std::byte* from, __mmask16 lanes) {
    return _mm512_maskz_loadu_ps(lanes, from);
  }
};

struct StoredF16 {
  static constexpr std::size_t kBytes = 2;
  static __m512 load(const std::byte* from, __mmask16 lanes) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes, from));
  }
};

struct StoredBf16 {
  static constexpr std::size_t kBytes = 2;
  static __m512 load(const std::byte* from, __mmask16 lanes) {
    const __m512i bits = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
  }
};

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
