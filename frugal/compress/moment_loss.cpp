#include "frugal/compress/moment_loss.h"

#include <cmath>
#include <limits>

#include "frugal/kernels/matmul.h"

namespace frugal::compress {

std::vector<float> mean_moments(const SecondMoments& moments) {
  const std::size_t n = moments.sum.size();
  std::vector<float> mean(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const auto value = static_cast<float>(moments.sum.row(i)[j] / moments.count);
      mean[(i * n) + j] = mean[(j * n) + i] = value;
    }
  }
  return mean;
}

double moment_loss(const kernels::Kernels& kernels, std::span<const float> moments,
                   MatrixView<const float> change) {
  const std::size_t cols = change.cols;
  std::vector<float> product(change.rows * cols);
  const kernels::StoredMatrix matrix{.type = DType::kF32,
                                     .data = std::as_bytes(moments).data(),
                                     .rows = cols,
                                     .cols = cols,
                                     .row_bytes = cols * sizeof(float)};
  kernels::matmul(kernels, matrix, {.x = change}, 0, cols,
                  {product.data(), change.rows, cols, cols});
  double loss = 0.0;
  for (std::size_t r = 0; r < change.rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) {
      loss += static_cast<double>(change.row(r)[c]) * static_cast<double>(product[(r * cols) + c]);
    }
  }
  return std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity();
}

}  // namespace frugal::compress
