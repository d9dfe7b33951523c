#include "frugal/kernels/avx512/functions.h"
#include "frugal/kernels/avx512/vector.h"

FRUGAL_TARGET_BEGIN(FRUGAL_TARGET_AVX512)
namespace frugal::kernels::avx512 {

/// x / (1 + exp(-x)), with exp of a negative number only: it may vanish but never overflow.
static inline __m512 silu(__m512 x) {
  const __m512 e = exp_lanes(_mm512_or_ps(x, _mm512_set1_ps(-0.0F)));
  const __mmask16 negative = _mm512_movepi32_mask(_mm512_castps_si512(x));
  const __m512 top = _mm512_mask_mul_ps(x, negative, x, e);
  return _mm512_div_ps(top, _mm512_add_ps(_mm512_set1_ps(1.0F), e));
}

void silu_mul_row(const float* gate, const float* up, float* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    const __m512 s = silu(load(gate + c, lanes));
    store(out + c, lanes, _mm512_mul_ps(s, load(up + c, lanes)));
  }
}

void add_row(float* x, const float* y, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    store(x + c, lanes, _mm512_add_ps(load(x + c, lanes), load(y + c, lanes)));
  }
}

}  // namespace frugal::kernels::avx512
FRUGAL_TARGET_END
