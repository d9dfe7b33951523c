#pragma once

/// Normalisation of rows.

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/view.h"

namespace frugal::kernels {

/// out[r][c] = x[r][c] * gain[c] / sqrt(mean_c(x[r][c]^2) + epsilon)
///
/// Shapes:  x, out: [rows, cols], may be the same memory; gain: [cols].
/// Units:   none; epsilon is dimensionless and > 0.
/// Numbers: float32 in, float32 sums; instruction sets agree to 1e-5 relative.
/// Errors:  throws nothing; a shape mismatch is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only.
/// Source:  Zhang and Sennrich 2019, arXiv:1910.07467, section 3; epsilon as in Llama.
void rms_norm(const Kernels& kernels, MatrixView<const float> x, const float* gain, float epsilon,
              MatrixView<float> out);

/// Cost of one rms_norm call.  Per element: square, add, scale, gain; per row: add epsilon, two
/// divisions and a square root.  x read and out written once, gain read once.
[[nodiscard]] constexpr Cost rms_norm_cost(std::uint64_t rows, std::uint64_t cols) {
  return Cost{}
      .add(Op::kFloat, rows * ((4 * cols) + 1))
      .add(Op::kSpecial, 3 * rows)
      .add(Traffic::kDram, 4 * cols)
      .add(Traffic::kCache, 8 * rows * cols);
}

/// out[r][c] = (x[r][c] - mean_c(x[r])) * gain[c] / sqrt(variance_c(x[r]) + epsilon) + bias[c]
///
/// Shapes:  x, out: [rows, cols], may be the same memory; gain, bias: [cols].
/// Units:   none; epsilon is dimensionless and > 0.
/// Numbers: float32 in, float32 sums, the variance from the differences to the mean; instruction
///          sets agree to 1e-5 of |gain| + |bias| where the row is not nearly constant.
/// Errors:  throws nothing; a shape mismatch is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only.
/// Source:  Ba, Kiros and Hinton 2016, arXiv:1607.06450, section 3.
void layer_norm(const Kernels& kernels, MatrixView<const float> x, const float* gain,
                const float* bias, float epsilon, MatrixView<float> out);

/// Cost of one layer_norm call.  Per element: sum, difference, square, add, scale, gain, bias; per
/// row: three divisions and a square root.  x read and out written once, gain and bias read once.
[[nodiscard]] constexpr Cost layer_norm_cost(std::uint64_t rows, std::uint64_t cols) {
  return Cost{}
      .add(Op::kFloat, rows * ((7 * cols) + 1))
      .add(Op::kSpecial, 4 * rows)
      .add(Traffic::kDram, 8 * cols)
      .add(Traffic::kCache, 8 * rows * cols);
}

}  // namespace frugal::kernels
