#include "frugal/kernels/avx512/functions.h"
#include "frugal/kernels/avx512/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

/// Up to eight numbers, each twice: one for either member of its pair.
static inline __m512 load_twice(const float* from, __mmask8 numbers) {
  const __m512i order = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  const __m512 values = _mm512_castps256_ps512(_mm256_maskz_loadu_ps(numbers, from));
  return _mm512_permutexvar_ps(order, values);
}

void rope_row(float* x, const float* cosines, const float* sines, std::size_t pairs) {
  for (std::size_t i = 0; i < pairs; i += kLanes / 2) {
    const __mmask16 lanes = first_lanes(2 * (pairs - i));
    const auto numbers = static_cast<__mmask8>(first_lanes(pairs - i) & 0xFFU);
    const __m512 v = load(x + (2 * i), lanes);
    const __m512 swapped = _mm512_permute_ps(v, 0xB1);
    const __m512 crossed = _mm512_mul_ps(swapped, load_twice(sines + i, numbers));
    // Even lanes subtract, odd lanes add.
    store(x + (2 * i), lanes, _mm512_fmaddsub_ps(v, load_twice(cosines + i, numbers), crossed));
  }
}

void rope_halves_row(float* x, const float* cosines, const float* sines, std::size_t pairs) {
  float* y = x + pairs;
  for (std::size_t i = 0; i < pairs; i += kLanes) {
    const __mmask16 lanes = first_lanes(pairs - i);
    const __m512 a = load(x + i, lanes);
    const __m512 b = load(y + i, lanes);
    const __m512 cosine = load(cosines + i, lanes);
    const __m512 sine = load(sines + i, lanes);
    store(x + i, lanes, _mm512_fmsub_ps(a, cosine, _mm512_mul_ps(b, sine)));
    store(y + i, lanes, _mm512_fmadd_ps(b, cosine, _mm512_mul_ps(a, sine)));
  }
}

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
