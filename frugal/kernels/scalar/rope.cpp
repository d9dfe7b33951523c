#include "frugal/kernels/scalar/functions.h"

namespace frugal::kernels::scalar {

void rope_row(float* x, const float* cosines, const float* sines, std::size_t pairs) {
  for (std::size_t i = 0; i < pairs; ++i) {
    const float a = x[2 * i];
    const float b = x[(2 * i) + 1];
    x[2 * i] = (a * cosines[i]) - (b * sines[i]);
    x[(2 * i) + 1] = (b * cosines[i]) + (a * sines[i]);
  }
}

void rope_halves_row(float* x, const float* cosines, const float* sines, std::size_t pairs) {
  for (std::size_t i = 0; i < pairs; ++i) {
    const float a = x[i];
    const float b = x[i + pairs];
    x[i] = (a * cosines[i]) - (b * sines[i]);
    x[i + pairs] = (b * cosines[i]) + (a * sines[i]);
  }
}

}  // namespace frugal::kernels::scalar
