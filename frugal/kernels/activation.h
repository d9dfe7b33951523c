#pragma once

/// The gated activation between the two halves of a feed-forward layer.

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

}  // namespace frugal::kernels
