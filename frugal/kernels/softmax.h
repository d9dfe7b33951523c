#pragma once

/// Softmax of rows: scores to probabilities.

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/view.h"

namespace frugal::kernels {

/// x[r][c] = exp(x[r][c] - max_c x[r][c]) / sum_c exp(x[r][c] - max_c x[r][c]), in place
///
/// Shapes:  x: [rows, cols], cols >= 1.
/// Numbers: float32; instruction sets agree to 1e-5 relative, below 1e-37 to 1e-37 absolute.
///          -infinity gives exactly 0 (a masked score).  A row with NaN or +infinity, or with
///          nothing but -infinity, becomes all NaN.
/// Errors:  throws nothing; an empty row is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only.
void softmax(const Kernels& kernels, MatrixView<float> x);

/// Cost of one softmax call.  Per element: compare, subtract, add, scale and one exp; per row one
/// division.  x read and written once: it stays in the nearest cache between the passes.
[[nodiscard]] constexpr Cost softmax_cost(std::uint64_t rows, std::uint64_t cols) {
  return Cost{}
      .add(Op::kFloat, 4 * rows * cols)
      .add(Op::kSpecial, rows * (cols + 1))
      .add(Traffic::kCache, 8 * rows * cols);
}

}  // namespace frugal::kernels
