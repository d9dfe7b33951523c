#include "frugal/kernels/quantize.h"

#include "frugal/base/error.h"

namespace frugal::kernels {

void QuantizedRows::resize(std::size_t rows, std::size_t cols) {
  FRUGAL_CHECK(cols % kActivationBlock == 0);
  if (values_.size() < rows * cols) {
    values_.resize(rows * cols);
    blocks_.resize(rows * cols / kActivationBlock);
  }
  rows_ = rows;
  cols_ = cols;
}

void quantize(const Kernels& kernels, MatrixView<const float> x, QuantizedRows& out,
              std::size_t first) {
  FRUGAL_CHECK(x.cols == out.cols());
  FRUGAL_CHECK(first <= out.rows() && x.rows <= out.rows() - first);
  for (std::size_t r = 0; r < x.rows; ++r) {
    kernels.quantize_row(x.row(r), out.values(first + r), out.blocks(first + r), x.cols);
  }
}

void store_f16(const Kernels& kernels, MatrixView<const float> x, MatrixView<std::uint16_t> out) {
  FRUGAL_CHECK(x.rows == out.rows);
  FRUGAL_CHECK(x.cols == out.cols);
  for (std::size_t r = 0; r < x.rows; ++r) kernels.store_f16_row(x.row(r), out.row(r), x.cols);
}

}  // namespace frugal::kernels
