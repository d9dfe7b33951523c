#include "frugal/kernels/activation.h"

#include "frugal/base/error.h"

namespace frugal::kernels {

void silu_mul(const Kernels& kernels, MatrixView<const float> gate, MatrixView<const float> up,
              MatrixView<float> out) {
  FRUGAL_CHECK(gate.rows == out.rows && gate.cols == out.cols);
  FRUGAL_CHECK(up.rows == out.rows && up.cols == out.cols);
  for (std::size_t r = 0; r < out.rows; ++r) {
    kernels.silu_mul_row(gate.row(r), up.row(r), out.row(r), out.cols);
  }
}

}  // namespace frugal::kernels
