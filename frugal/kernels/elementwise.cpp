#include "frugal/kernels/elementwise.h"

#include "frugal/base/error.h"

namespace frugal::kernels {

void add(const Kernels& kernels, MatrixView<float> x, MatrixView<const float> y) {
  FRUGAL_CHECK(x.rows == y.rows);
  FRUGAL_CHECK(x.cols == y.cols);
  for (std::size_t r = 0; r < x.rows; ++r) kernels.add_row(x.row(r), y.row(r), x.cols);
}

}  // namespace frugal::kernels
