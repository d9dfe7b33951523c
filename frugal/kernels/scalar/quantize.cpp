// Each 32 numbers are rounded to scale * q with scale = max|x| / 127 and q = round half away from
// zero (x / scale): the rule by which Q8_0 rounds stored weights, but for the scale, which is not
// rounded to binary16 here.
//
// Two corners are ours.  A block with NaN or infinity gets scale = NaN, q = 0: whoever multiplies
// with it sees NaN, and no float outside int8 is ever converted.  A block so small that 1 / scale
// overflows becomes all zeros, its scale too.

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

ActivationBlock sum_up(const std::int8_t* q, float scale) {
  ActivationBlock block{};
  block.scale = scale;
  int halves[2] = {0, 0};
  for (int j = 0; j < 32; ++j) {
    const int half = j / 16;
    const int pair = j % 4 / 2;
    halves[half] += q[j];
    block.pairs[pair] = static_cast<std::int16_t>(block.pairs[pair] + q[j]);
    std::int16_t& half_pair = block.half_pairs[half][pair];
    half_pair = static_cast<std::int16_t>(half_pair + q[j]);
  }
  block.total = halves[0] + halves[1];
  block.sum = scale * static_cast<float>(block.total);
  for (int half = 0; half < 2; ++half) {
    block.half_sums[half] = scale * static_cast<float>(halves[half]);
  }
  return block;
}

ActivationBlock quantize_block(const float* x, std::int8_t* q) {
  const float largest = largest_magnitude(x);
  const float scale = largest / 127.0F;
  const float inverse = 1.0F / scale;
  const bool finite = std::isfinite(largest);
  const bool rounds = finite && std::isfinite(inverse);
  for (int j = 0; j < 32; ++j) {
    q[j] = rounds ? static_cast<std::int8_t>(std::round(x[j] * inverse)) : std::int8_t{0};
  }
  const float none = finite ? 0.0F : std::nanf("");
  return sum_up(q, rounds ? scale : none);
}

}  // namespace

void quantize_row(const float* x, std::int8_t* values, ActivationBlock* blocks, std::size_t cols) {
  for (std::size_t c = 0; c < cols; c += 32) *blocks++ = quantize_block(x + c, values + c);
}

void store_f16_row(const float* x, std::uint16_t* out, std::size_t cols) {
  for (std::size_t c = 0; c < cols; ++c) out[c] = float_to_half(x[c]);
}

}  // namespace frugal::kernels::scalar
