#pragma once

/// Sums of matrices, element by element: the residual connection.

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/view.h"

namespace frugal::kernels {

/// x[r][c] += y[r][c]
///
/// Shapes:  x, y: [rows, cols].
/// Numbers: float32; the same bits in every instruction set.
/// Errors:  throws nothing; a shape mismatch is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only.
void add(const Kernels& kernels, MatrixView<float> x, MatrixView<const float> y);

/// Cost of one add call: one sum per element; x and y read, x written.
[[nodiscard]] constexpr Cost add_cost(std::uint64_t rows, std::uint64_t cols) {
  return Cost{}.add(Op::kFloat, rows * cols).add(Traffic::kCache, 12 * rows * cols);
}

}  // namespace frugal::kernels
