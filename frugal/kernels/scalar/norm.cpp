#include <cmath>

#include "frugal/kernels/scalar/functions.h"

namespace frugal::kernels::scalar {

// The reference: written to be read.  Every other instruction set is tested against it.
void rms_norm_row(const float* x, const float* gain, float epsilon, float* out, std::size_t cols) {
  float sum_of_squares = 0.0F;
  for (std::size_t c = 0; c < cols; ++c) sum_of_squares += x[c] * x[c];
  const float scale = 1.0F / std::sqrt((sum_of_squares / static_cast<float>(cols)) + epsilon);
  for (std::size_t c = 0; c < cols; ++c) out[c] = x[c] * scale * gain[c];
}

void layer_norm_row(const float* x, const float* gain, const float* bias, float epsilon, float* out,
                    std::size_t cols) {
  const auto count = static_cast<float>(cols);
  float sum = 0.0F;
  for (std::size_t c = 0; c < cols; ++c) sum += x[c];
  const float mean = sum / count;
  float sum_of_squares = 0.0F;
  for (std::size_t c = 0; c < cols; ++c) sum_of_squares += (x[c] - mean) * (x[c] - mean);
  const float scale = 1.0F / std::sqrt((sum_of_squares / count) + epsilon);
  for (std::size_t c = 0; c < cols; ++c) out[c] = ((x[c] - mean) * scale * gain[c]) + bias[c];
}

}  // namespace frugal::kernels::scalar
