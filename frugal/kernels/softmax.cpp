#include "frugal/kernels/softmax.h"

#include "frugal/base/error.h"

namespace frugal::kernels {

void softmax(const Kernels& kernels, MatrixView<float> x) {
  FRUGAL_CHECK(x.cols >= 1);
  for (std::size_t r = 0; r < x.rows; ++r) kernels.softmax_row(x.row(r), x.cols);
}

}  // namespace frugal::kernels
