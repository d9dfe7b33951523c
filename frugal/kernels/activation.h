#pragma once

/// What stands between the two halves of a feed-forward layer, and the cap on logits.

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/view.h"

namespace frugal::kernels {

/// out[r][c] = silu(gate[r][c]) * up[r][c],  silu(x) = x / (1 + exp(-x))
///
/// Shapes:  gate, up, out: [rows, cols]; out may be the same memory as gate or up.
/// Numbers: float32; instruction sets agree to 1e-5 relative, below 1e-37 to 1e-37 absolute; exp
///          never overflows.  NaN gives NaN, +infinity stays, -infinity gives NaN.
/// Errors:  throws nothing; a shape mismatch is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only.
/// Source:  Shazeer 2020, arXiv:2002.05202 (SwiGLU).
void silu_mul(const Kernels& kernels, MatrixView<const float> gate, MatrixView<const float> up,
              MatrixView<float> out);

/// Cost of one silu_mul call.  Per element: two products, one sum, one exp, one division; gate and
/// up read, out written.
[[nodiscard]] constexpr Cost silu_mul_cost(std::uint64_t rows, std::uint64_t cols) {
  return Cost{}
      .add(Op::kFloat, 3 * rows * cols)
      .add(Op::kSpecial, 2 * rows * cols)
      .add(Traffic::kCache, 12 * rows * cols);
}

/// out[r][c] = gelu(x[r][c]);  gelu_mul: out[r][c] = gelu(gate[r][c]) * up[r][c]
///
/// gelu(x) = x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) = x / (1 + exp(-2 sqrt(2 / pi)
/// (…)))
///
/// Shapes:  all: [rows, cols]; out may be the same memory as an input.
/// Numbers: x and gelu(x) are rounded to binary16, as by the table that GGML's models are run with;
///          x >= 10 stays and x <= -10 gives 0.  Instruction sets agree to one unit of binary16.
/// Errors:  throws nothing; a shape mismatch is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only.
/// Source:  Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2, the tanh form.
void gelu(const Kernels& kernels, MatrixView<const float> x, MatrixView<float> out);
void gelu_mul(const Kernels& kernels, MatrixView<const float> gate, MatrixView<const float> up,
              MatrixView<float> out);

/// Cost of one gelu call.  Per element: five products, two sums, two roundings, one exp, one
/// division.
[[nodiscard]] constexpr Cost gelu_cost(std::uint64_t rows, std::uint64_t cols) {
  return Cost{}
      .add(Op::kFloat, 9 * rows * cols)
      .add(Op::kSpecial, 2 * rows * cols)
      .add(Traffic::kCache, 8 * rows * cols);
}

/// Cost of one gelu_mul call: one product and one operand more.
[[nodiscard]] constexpr Cost gelu_mul_cost(std::uint64_t rows, std::uint64_t cols) {
  return gelu_cost(rows, cols).add(Op::kFloat, rows * cols).add(Traffic::kCache, 4 * rows * cols);
}

/// x[r][c] = cap * tanh(x[r][c] / cap), in place
///
/// Shapes:  x: [rows, cols]; cap > 0.
/// Numbers: float32; instruction sets agree to 1e-6 * cap.
/// Errors:  throws nothing.
/// Threads: runs on the caller's thread only.
void softcap(const Kernels& kernels, MatrixView<float> x, float cap);

/// Cost of one softcap call.  Per element: two products, two sums, one exp, one division.
[[nodiscard]] constexpr Cost softcap_cost(std::uint64_t rows, std::uint64_t cols) {
  return Cost{}
      .add(Op::kFloat, 4 * rows * cols)
      .add(Op::kSpecial, 2 * rows * cols)
      .add(Traffic::kCache, 8 * rows * cols);
}

}  // namespace frugal::kernels
