#include "frugal/kernels/avx2/functions.h"
#include "frugal/kernels/avx2/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX2)
namespace frugal::kernels::avx2 {

/// x / (1 + exp(-x)), with exp of a negative number only: it may vanish but never overflow.
static inline __m256 silu(__m256 x) {
  const __m256 sign = _mm256_set1_ps(-0.0F);
  const __m256 e = exp_lanes(_mm256_or_ps(x, sign));
  const __m256 top = _mm256_blendv_ps(x, _mm256_mul_ps(x, e), x);
  return _mm256_div_ps(top, _mm256_add_ps(_mm256_set1_ps(1.0F), e));
}

void silu_mul_row(const float* gate, const float* up, float* out, std::size_t cols) {
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) {
    const __m256 s = silu(_mm256_loadu_ps(gate + c));
    _mm256_storeu_ps(out + c, _mm256_mul_ps(s, _mm256_loadu_ps(up + c)));
  }
  if (c < cols) {
    const std::size_t left = cols - c;
    const __m256 s = silu(load_first(gate + c, left));
    store_first(out + c, left, _mm256_mul_ps(s, load_first(up + c, left)));
  }
}

void add_row(float* x, const float* y, std::size_t cols) {
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) {
    _mm256_storeu_ps(x + c, _mm256_add_ps(_mm256_loadu_ps(x + c), _mm256_loadu_ps(y + c)));
  }
  for (; c < cols; ++c) x[c] += y[c];
}

}  // namespace frugal::kernels::avx2
FRUGAL_TARGET_END
