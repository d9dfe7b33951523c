#pragma once

/// Activations in fewer bits: blocks of int8 for block products, binary16 for the KV cache.

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/view.h"

namespace frugal::kernels {

/// For each 32 numbers: d = max |x| / 127, q[j] = round half away from zero (x[j] / d)
///
/// Shapes:  x: [rows, cols], cols a multiple of 32; out: [rows][cols / 32].
/// Numbers: byte-identical to encode_row(DType::kQ8_0) and in every instruction set.  A block that
///          holds NaN or infinity becomes d = NaN, q = 0, so that every product with it is NaN.  A
///          block below 127 * 2^-128, whose d is 0 in binary16, becomes all zeros.
/// Errors:  throws nothing; cols that are no multiple of 32 are a bug and fail FRUGAL_CHECK.
/// Threads: runs on the caller's thread only.
/// Source:  `quantize_row_q8_0_ref` (ggml-quants.c).
void quantize(const Kernels& kernels, MatrixView<const float> x, BlockQ8_0* out);

/// out[r][c] = x[r][c] as binary16, rounded to nearest even
///
/// Shapes:  x, out: [rows, cols].
/// Numbers: the same bits in every instruction set; overflow gives infinity.  NaN gives a quiet NaN
///          whose payload is not defined.
/// Errors:  throws nothing; a shape mismatch is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only.
void store_f16(const Kernels& kernels, MatrixView<const float> x, MatrixView<std::uint16_t> out);

/// Cost of one quantize call.  Per element: compare, scale, round; per block two divisions.  x
/// read, blocks written.
[[nodiscard]] constexpr Cost quantize_cost(std::uint64_t rows, std::uint64_t cols) {
  const std::uint64_t blocks = rows * (cols / BlockQ8_0::kElements);
  return Cost{}
      .add(Op::kFloat, 3 * rows * cols)
      .add(Op::kSpecial, 2 * blocks)
      .add(Traffic::kCache, (4 * rows * cols) + (sizeof(BlockQ8_0) * blocks));
}

/// Cost of one store_f16 call into a KV cache: one rounding per element; x read, halves written.
[[nodiscard]] constexpr Cost store_f16_cost(std::uint64_t rows, std::uint64_t cols) {
  return Cost{}
      .add(Op::kFloat, rows * cols)
      .add(Traffic::kDram, 2 * rows * cols)
      .add(Traffic::kCache, 4 * rows * cols);
}

}  // namespace frugal::kernels
