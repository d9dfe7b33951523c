#include "frugal/kernels/rope.h"

#include "frugal/base/error.h"

namespace frugal::kernels {

void rope(const Kernels& kernels, MatrixView<float> x, const float* cosines, const float* sines,
          std::size_t pairs) {
  FRUGAL_CHECK(2 * pairs <= x.cols);
  for (std::size_t h = 0; h < x.rows; ++h) kernels.rope_row(x.row(h), cosines, sines, pairs);
}

void rope_halves(const Kernels& kernels, MatrixView<float> x, const float* cosines,
                 const float* sines, std::size_t pairs) {
  FRUGAL_CHECK(2 * pairs <= x.cols);
  for (std::size_t h = 0; h < x.rows; ++h) kernels.rope_halves_row(x.row(h), cosines, sines, pairs);
}

}  // namespace frugal::kernels
