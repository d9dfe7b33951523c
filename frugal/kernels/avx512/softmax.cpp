#include <cmath>

#include "frugal/kernels/avx512/functions.h"
#include "frugal/kernels/avx512/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

static inline __m512 max_of_row(const float* x, std::size_t cols) {
  __m512 max = _mm512_set1_ps(-HUGE_VALF);
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    max = _mm512_mask_max_ps(max, lanes, load(x + c, lanes), max);
  }
  return _mm512_set1_ps(_mm512_reduce_max_ps(max));
}

void softmax_row(float* x, std::size_t cols) {
  const __m512 max = max_of_row(x, cols);
  __m512 sums = _mm512_setzero_ps();
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    const __m512 e = exp_lanes(_mm512_sub_ps(load(x + c, lanes), max));
    store(x + c, lanes, e);
    sums = _mm512_mask_add_ps(sums, lanes, sums, e);
  }
  const __m512 scale = _mm512_set1_ps(1.0F / _mm512_reduce_add_ps(sums));
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    store(x + c, lanes, _mm512_mul_ps(load(x + c, lanes), scale));
  }
}

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
