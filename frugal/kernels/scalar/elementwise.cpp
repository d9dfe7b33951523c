#include <cmath>

#include "frugal/kernels/scalar/functions.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels::scalar {

namespace {

// x / (1 + exp(-x)), with exp of a negative number only: it may vanish but never overflow.
float silu(float x) {
  const float e = std::exp(-std::abs(x));
  return (x < 0.0F ? x * e : x) / (1.0F + e);
}

// x * sigmoid(2 u) with u the argument of gelu's tanh: 1 + tanh(u) = 2 sigmoid(2 u).
float gelu(float x) {
  if (x >= 10.0F) return x;
  if (x <= -10.0F) return 0.0F;
  x = half_to_float(float_to_half(x));
  const float twice_u = 1.5957691F * (x + (0.044715F * x * x * x));
  const float e = std::exp(-std::abs(twice_u));
  return half_to_float(float_to_half((twice_u < 0.0F ? x * e : x) / (1.0F + e)));
}

}  // namespace

void silu_mul_row(const float* gate, const float* up, float* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; ++c) out[c] = silu(gate[c]) * up[c];
}

void add_row(float* x, const float* y, std::size_t cols) {
  for (std::size_t c = 0; c < cols; ++c) x[c] += y[c];
}

void gelu_row(const float* x, float* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; ++c) out[c] = gelu(x[c]);
}

void gelu_mul_row(const float* gate, const float* up, float* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; ++c) out[c] = gelu(gate[c]) * up[c];
}

void softcap_row(float* x, float cap, std::size_t cols) {
  for (std::size_t c = 0; c < cols; ++c) x[c] = cap * std::tanh(x[c] / cap);
}

}  // namespace frugal::kernels::scalar
