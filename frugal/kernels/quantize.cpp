#include "frugal/kernels/quantize.h"

#include "frugal/base/error.h"

namespace frugal::kernels {

void quantize(const Kernels& kernels, MatrixView<const float> x, BlockQ8_0* out) {
  FRUGAL_CHECK(x.cols % BlockQ8_0::kElements == 0);
  const std::size_t blocks = x.cols / BlockQ8_0::kElements;
  for (std::size_t r = 0; r < x.rows; ++r) {
    kernels.quantize_row(x.row(r), out + (r * blocks), x.cols);
  }
}

void store_f16(const Kernels& kernels, MatrixView<const float> x, MatrixView<std::uint16_t> out) {
  FRUGAL_CHECK(x.rows == out.rows);
  FRUGAL_CHECK(x.cols == out.cols);
  for (std::size_t r = 0; r < x.rows; ++r) kernels.store_f16_row(x.row(r), out.row(r), x.cols);
}

}  // namespace frugal::kernels
