#include <cmath>

#include "frugal/kernels/avx512/functions.h"
#include "frugal/kernels/avx512/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

void rms_norm_row(const float* x, const float* gain, float epsilon, float* out, std::size_t cols) {
  __m512 squares = _mm512_setzero_ps();
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __m512 v = load(x + c, first_lanes(cols - c));
    squares = _mm512_fmadd_ps(v, v, squares);
  }
  const float mean = _mm512_reduce_add_ps(squares) / static_cast<float>(cols);
  const __m512 scale = _mm512_set1_ps(1.0F / std::sqrt(mean + epsilon));
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    const __m512 v = _mm512_mul_ps(load(x + c, lanes), scale);
    store(out + c, lanes, _mm512_mul_ps(v, load(gain + c, lanes)));
  }
}

void layer_norm_row(const float* x, const float* gain, const float* bias, float epsilon, float* out,
                    std::size_t cols) {
  const auto count = static_cast<float>(cols);
  __m512 sums = _mm512_setzero_ps();
  for (std::size_t c = 0; c < cols; c += kLanes) {
    sums = _mm512_add_ps(sums, load(x + c, first_lanes(cols - c)));
  }
  const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(sums) / count);
  __m512 squares = _mm512_setzero_ps();
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    const __m512 v = _mm512_maskz_sub_ps(lanes, load(x + c, lanes), mean);
    squares = _mm512_fmadd_ps(v, v, squares);
  }
  const float variance = _mm512_reduce_add_ps(squares) / count;
  const __m512 scale = _mm512_set1_ps(1.0F / std::sqrt(variance + epsilon));
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    const __m512 v = _mm512_mul_ps(_mm512_sub_ps(load(x + c, lanes), mean), scale);
    store(out + c, lanes, _mm512_fmadd_ps(v, load(gain + c, lanes), load(bias + c, lanes)));
  }
}

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
