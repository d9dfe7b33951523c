#include <cmath>

#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/avx2/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

static inline float max_of_row(const float* x, std::size_t cols) {
  __m256 max = _mm256_set1_ps(-HUGE_VALF);
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) max = _mm256_max_ps(_mm256_loadu_ps(x + c), max);
  float largest = max_lanes(max);
  for (; c < cols; ++c) largest = x[c] > largest ? x[c] : largest;
  return largest;
}

void softmax_row(float* x, std::size_t cols) {
  const __m256 max = _mm256_set1_ps(max_of_row(x, cols));
  __m256 sums = _mm256_setzero_ps();
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) {
    const __m256 e = exp_lanes(_mm256_sub_ps(_mm256_loadu_ps(x + c), max));
    _mm256_storeu_ps(x + c, e);
    sums = _mm256_add_ps(sums, e);
  }
  if (c < cols) {
    const std::size_t left = cols - c;
    const __m256 e = exp_lanes(_mm256_sub_ps(load_first(x + c, left), max));
    store_first(x + c, left, e);
    sums = _mm256_add_ps(sums, _mm256_and_ps(e, _mm256_castsi256_ps(first_lanes(left))));
  }
  const float scale = 1.0F / sum_lanes(sums);
  const __m256 scales = _mm256_set1_ps(scale);
  for (c = 0; c + kLanes <= cols; c += kLanes) {
    _mm256_storeu_ps(x + c, _mm256_mul_ps(_mm256_loadu_ps(x + c), scales));
  }
  for (; c < cols; ++c) x[c] *= scale;
}

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
