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

static inline __m512 rounded_to_half(__m512 x) {
  return _mm512_cvtph_ps(_mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

/// x * sigmoid(2 u), u the argument of gelu's tanh; both ends in binary16 where it is not plainly 0
/// or x.
static inline __m512 gelu(__m512 given) {
  const __m512 x = rounded_to_half(given);
  const __m512 cubic =
      _mm512_mul_ps(_mm512_mul_ps(x, x), _mm512_mul_ps(x, _mm512_set1_ps(0.044715F)));
  const __m512 twice_u = _mm512_mul_ps(_mm512_set1_ps(1.5957691F), _mm512_add_ps(x, cubic));
  const __m512 e = exp_lanes(_mm512_or_ps(twice_u, _mm512_set1_ps(-0.0F)));
  const __mmask16 negative = _mm512_movepi32_mask(_mm512_castps_si512(twice_u));
  const __m512 top = _mm512_mask_mul_ps(x, negative, x, e);
  const __m512 near = rounded_to_half(_mm512_div_ps(top, _mm512_add_ps(_mm512_set1_ps(1.0F), e)));
  const __mmask16 large = _mm512_cmp_ps_mask(given, _mm512_set1_ps(10.0F), _CMP_GE_OQ);
  const __mmask16 small = _mm512_cmp_ps_mask(given, _mm512_set1_ps(-10.0F), _CMP_LE_OQ);
  return _mm512_mask_mov_ps(_mm512_mask_mov_ps(near, large, given), small, _mm512_setzero_ps());
}

void silu_mul_row(const float* gate, const float* up, float* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    const __m512 s = silu(load(gate + c, lanes));
    store(out + c, lanes, _mm512_mul_ps(s, load(up + c, lanes)));
  }
}

void gelu_row(const float* x, float* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    store(out + c, lanes, gelu(load(x + c, lanes)));
  }
}

void gelu_mul_row(const float* gate, const float* up, float* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    store(out + c, lanes, _mm512_mul_ps(gelu(load(gate + c, lanes)), load(up + c, lanes)));
  }
}

void softcap_row(float* x, float cap, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += kLanes) {
    const __mmask16 lanes = first_lanes(cols - c);
    store(x + c, lanes, capped(load(x + c, lanes), cap));
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
