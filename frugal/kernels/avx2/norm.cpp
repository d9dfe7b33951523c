#include <cmath>

#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/avx2/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

void rms_norm_row(const float* x, const float* gain, float epsilon, float* out, std::size_t cols) {
  __m256 squares = _mm256_setzero_ps();
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) {
    const __m256 v = _mm256_loadu_ps(x + c);
    squares = _mm256_fmadd_ps(v, v, squares);
  }
  float sum_of_squares = sum_lanes(squares);
  for (; c < cols; ++c) sum_of_squares += x[c] * x[c];

  const float scale = 1.0F / std::sqrt((sum_of_squares / static_cast<float>(cols)) + epsilon);
  const __m256 scales = _mm256_set1_ps(scale);
  for (c = 0; c + kLanes <= cols; c += kLanes) {
    const __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x + c), scales);
    _mm256_storeu_ps(out + c, _mm256_mul_ps(v, _mm256_loadu_ps(gain + c)));
  }
  for (; c < cols; ++c) out[c] = x[c] * scale * gain[c];
}

static inline float sum_of_row(const float* x, std::size_t cols) {
  __m256 sums = _mm256_setzero_ps();
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) sums = _mm256_add_ps(sums, _mm256_loadu_ps(x + c));
  float sum = sum_lanes(sums);
  for (; c < cols; ++c) sum += x[c];
  return sum;
}

void layer_norm_row(const float* x, const float* gain, const float* bias, float epsilon, float* out,
                    std::size_t cols) {
  const auto count = static_cast<float>(cols);
  const float mean = sum_of_row(x, cols) / count;
  const __m256 means = _mm256_set1_ps(mean);
  __m256 squares = _mm256_setzero_ps();
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) {
    const __m256 v = _mm256_sub_ps(_mm256_loadu_ps(x + c), means);
    squares = _mm256_fmadd_ps(v, v, squares);
  }
  float sum_of_squares = sum_lanes(squares);
  for (; c < cols; ++c) sum_of_squares += (x[c] - mean) * (x[c] - mean);

  const float scale = 1.0F / std::sqrt((sum_of_squares / count) + epsilon);
  const __m256 scales = _mm256_set1_ps(scale);
  for (c = 0; c + kLanes <= cols; c += kLanes) {
    const __m256 v = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x + c), means), scales);
    _mm256_storeu_ps(out + c,
                     _mm256_fmadd_ps(v, _mm256_loadu_ps(gain + c), _mm256_loadu_ps(bias + c)));
  }
  for (; c < cols; ++c) out[c] = ((x[c] - mean) * scale * gain[c]) + bias[c];
}

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
