#include <cmath>
#include <limits>

#include "frugal/kernels/scalar/functions.h"

namespace frugal::kernels::scalar {

// exp(x - max) cannot overflow, and the division cancels the max.
void softmax_row(float* x, std::size_t cols) {
  float max = -std::numeric_limits<float>::infinity();
  for (std::size_t c = 0; c < cols; ++c) max = x[c] > max ? x[c] : max;
  double sum = 0.0;
  for (std::size_t c = 0; c < cols; ++c) {
    x[c] = std::exp(x[c] - max);
    sum += static_cast<double>(x[c]);
  }
  const auto scale = static_cast<float>(1.0 / sum);
  for (std::size_t c = 0; c < cols; ++c) x[c] *= scale;
}

}  // namespace frugal::kernels::scalar
