#include <cmath>

#include "frugal/kernels/scalar/functions.h"

namespace frugal::kernels::scalar {

namespace {

// x / (1 + exp(-x)), with exp of a negative number only: it may vanish but never overflow.
float silu(float x) {
  const float e = std::exp(-std::abs(x));
  return (x < 0.0F ? x * e : x) / (1.0F + e);
}

}  // namespace

void silu_mul_row(const float* gate, const float* up, float* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; ++c) out[c] = silu(gate[c]) * up[c];
}

void add_row(float* x, const float* y, std::size_t cols) {
  for (std::size_t c = 0; c < cols; ++c) x[c] += y[c];
}

}  // namespace frugal::kernels::scalar
