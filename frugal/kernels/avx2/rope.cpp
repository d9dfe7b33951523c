#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/avx2/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

/// Four numbers, each twice: one for either member of its pair.
static inline __m256 load_twice(const float* from) {
  const __m256i order = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
  return _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(from)), order);
}

void rope_row(float* x, const float* cosines, const float* sines, std::size_t pairs) {
  std::size_t i = 0;
  for (; i + 4 <= pairs; i += 4) {
    const __m256 v = _mm256_loadu_ps(x + (2 * i));
    const __m256 swapped = _mm256_permute_ps(v, 0xB1);
    const __m256 crossed = _mm256_mul_ps(swapped, load_twice(sines + i));
    // Even lanes subtract, odd lanes add.
    _mm256_storeu_ps(x + (2 * i), _mm256_fmaddsub_ps(v, load_twice(cosines + i), crossed));
  }
  for (; i < pairs; ++i) {
    const float a = x[2 * i];
    const float b = x[(2 * i) + 1];
    x[2 * i] = (a * cosines[i]) - (b * sines[i]);
    x[(2 * i) + 1] = (b * cosines[i]) + (a * sines[i]);
  }
}

void rope_halves_row(float* x, const float* cosines, const float* sines, std::size_t pairs) {
  float* y = x + pairs;
  std::size_t i = 0;
  for (; i + kLanes <= pairs; i += kLanes) {
    const __m256 a = _mm256_loadu_ps(x + i);
    const __m256 b = _mm256_loadu_ps(y + i);
    const __m256 cosine = _mm256_loadu_ps(cosines + i);
    const __m256 sine = _mm256_loadu_ps(sines + i);
    _mm256_storeu_ps(x + i, _mm256_fmsub_ps(a, cosine, _mm256_mul_ps(b, sine)));
    _mm256_storeu_ps(y + i, _mm256_fmadd_ps(b, cosine, _mm256_mul_ps(a, sine)));
  }
  for (; i < pairs; ++i) {
    const float a = x[i];
    const float b = y[i];
    x[i] = (a * cosines[i]) - (b * sines[i]);
    y[i] = (b * cosines[i]) + (a * sines[i]);
  }
}

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
