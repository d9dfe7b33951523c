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

static inline __m256 rounded_to_half(__m256 x) {
  return _mm256_cvtph_ps(_mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

/// x * sigmoid(2 u), u the argument of gelu's tanh; both ends in binary16 where it is not plainly 0
/// or x.
static inline __m256 gelu(__m256 given) {
  const __m256 x = rounded_to_half(given);
  const __m256 cubic =
      _mm256_mul_ps(_mm256_mul_ps(x, x), _mm256_mul_ps(x, _mm256_set1_ps(0.044715F)));
  const __m256 twice_u = _mm256_mul_ps(_mm256_set1_ps(1.5957691F), _mm256_add_ps(x, cubic));
  const __m256 e = exp_lanes(_mm256_or_ps(twice_u, _mm256_set1_ps(-0.0F)));
  const __m256 top = _mm256_blendv_ps(x, _mm256_mul_ps(x, e), twice_u);
  const __m256 near = rounded_to_half(_mm256_div_ps(top, _mm256_add_ps(_mm256_set1_ps(1.0F), e)));
  const __m256 large = _mm256_cmp_ps(given, _mm256_set1_ps(10.0F), _CMP_GE_OQ);
  const __m256 small = _mm256_cmp_ps(given, _mm256_set1_ps(-10.0F), _CMP_LE_OQ);
  return _mm256_andnot_ps(small, _mm256_blendv_ps(near, given, large));
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

void gelu_row(const float* x, float* out, std::size_t cols) {
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) _mm256_storeu_ps(out + c, gelu(_mm256_loadu_ps(x + c)));
  if (c < cols) store_first(out + c, cols - c, gelu(load_first(x + c, cols - c)));
}

void gelu_mul_row(const float* gate, const float* up, float* out, std::size_t cols) {
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) {
    const __m256 g = gelu(_mm256_loadu_ps(gate + c));
    _mm256_storeu_ps(out + c, _mm256_mul_ps(g, _mm256_loadu_ps(up + c)));
  }
  if (c < cols) {
    const std::size_t left = cols - c;
    const __m256 g = gelu(load_first(gate + c, left));
    store_first(out + c, left, _mm256_mul_ps(g, load_first(up + c, left)));
  }
}

void softcap_row(float* x, float cap, std::size_t cols) {
  std::size_t c = 0;
  for (; c + kLanes <= cols; c += kLanes) {
    _mm256_storeu_ps(x + c, capped(_mm256_loadu_ps(x + c), cap));
  }
  if (c < cols) store_first(x + c, cols - c, capped(load_first(x + c, cols - c), cap));
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
