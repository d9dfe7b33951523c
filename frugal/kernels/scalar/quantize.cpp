// Q8_0 rounds each 32 numbers to d * q with d = max|x| / 127 and q = round half away from zero
// (x / d).  The inverse comes from d before d is rounded to binary16, as in the file format's
// reference, so that activations and stored weights are rounded by one rule.
//
// Two corners are ours.  A block with NaN or infinity becomes d = NaN, q = 0: whoever multiplies
// with it sees NaN, and no float outside int8 is ever converted.  A block so small that 1 / d
// overflows has d = 0 in binary16, so all its numbers are 0 and q is too.

#include <cmath>

#include "frugal/kernels/scalar/functions.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels::scalar {

namespace {

float largest_magnitude(const float* x) {
  float largest = 0.0F;
  for (int j = 0; j < 32; ++j) {
    const float magnitude = std::abs(x[j]);
    if (!(magnitude <= largest)) largest = magnitude;  // NaN counts as larger, and stays
    if (std::isnan(largest)) break;
  }
  return largest;
}

BlockQ8_0 quantize_block(const float* x) {
  BlockQ8_0 block{};
  const float largest = largest_magnitude(x);
  if (!std::isfinite(largest)) {
    block.d = 0x7E00;  // NaN
    return block;
  }
  const float d = largest / 127.0F;
  block.d = float_to_half(d);
  const float inverse = 1.0F / d;
  if (!std::isfinite(inverse)) return block;
  for (int j = 0; j < 32; ++j) block.qs[j] = static_cast<std::int8_t>(std::round(x[j] * inverse));
  return block;
}

}  // namespace

void quantize_row(const float* x, BlockQ8_0* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += 32) *out++ = quantize_block(x + c);
}

void store_f16_row(const float* x, std::uint16_t* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; ++c) out[c] = float_to_half(x[c]);
}

}  // namespace frugal::kernels::scalar
