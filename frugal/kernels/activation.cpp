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

void gelu(const Kernels& kernels, MatrixView<const float> x, MatrixView<float> out) {
  FRUGAL_CHECK(x.rows == out.rows && x.cols == out.cols);
  for (std::size_t r = 0; r < out.rows; ++r) kernels.gelu_row(x.row(r), out.row(r), out.cols);
}

void gelu_mul(const Kernels& kernels, MatrixView<const float> gate, MatrixView<const float> up,
              MatrixView<float> out) {
  FRUGAL_CHECK(gate.rows == out.rows && gate.cols == out.cols);
  FRUGAL_CHECK(up.rows == out.rows && up.cols == out.cols);
  for (std::size_t r = 0; r < out.rows; ++r) {
    kernels.gelu_mul_row(gate.row(r), up.row(r), out.row(r), out.cols);
  }
}

void softcap(const Kernels& kernels, MatrixView<float> x, float cap) {
  for (std::size_t r = 0; r < x.rows; ++r) kernels.softcap_row(x.row(r), cap, x.cols);
}

}  // namespace frugal::kernels
