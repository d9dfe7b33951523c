#pragma once

/// Matrix products of stored weights with activations.

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/dtype.h"
#include "frugal/tensor/view.h"

namespace frugal::kernels {

/// A stored matrix, row r at data + r * row_bytes.
struct StoredMatrix {
  DType type = DType::kF32;
  const std::byte* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t row_bytes = 0;
};

/// Activations as a product wants them: floats, and the same rounded to int8 beside them when some
/// weight of the layer is stored in blocks.
struct Activations {
  MatrixView<const float> x;     ///< [batch, cols]
  QuantizedView quantized = {};  ///< [batch, cols], or empty; see quantize.h
};

/// Types that `matmul` multiplies, and whether the type wants `Activations::quantized`.
[[nodiscard]] bool can_multiply(DType type);
[[nodiscard]] bool wants_blocks(DType type);

/// out[n][r] = sum_c w[r][c] * x[n][c] for stored rows r in [row_begin, row_end).
///
/// Shapes:  w: [rows, cols]; x: [batch, cols]; out: [batch, rows].
/// Numbers: float formats: float32 products and sums.  Instruction sets agree to 1e-5 of sum |w x|
///          (their order of summation differs).  Block formats: activations rounded to int8 per 32;
///          over each block of 32 columns, in their order, starting from 0,
///              sum = fma(float(exact), d_w * d_x, sum)     exact = sum_j g[j / 16] * q_w[j] *
///              q_x[j] sum = fma(minimum, d_x * (sum_j q_x[j]), sum)    once per 32, or per 16, or
///              not
///          where `exact` is an integer below 2^24, d_w and `minimum` are the format's, and g are
///          int8 factors of Q2_K, Q3_K and Q6_K (1 elsewhere).  Weights of Q5_1 and Q5_K are taken
///          as q - 16 with the minimum raised by 16 d_w.  All instruction sets give the same bits.
///          For every format, within an instruction set, the bits of a result depend on neither the
///          batch nor the row range it was computed in.
/// Errors:  throws nothing; a shape mismatch is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only; disjoint row ranges may run side by side.
void matmul(const Kernels& kernels, const StoredMatrix& w, const Activations& x,
            std::size_t row_begin, std::size_t row_end, MatrixView<float> out);

/// Cost of a whole product: two operations per weight and activation row, and for block formats per
/// block one product of scales, one fused multiply-add, one more per minimum, and two integer ones
/// per factor of a group; weights are read once, activations read and results written once per row.
[[nodiscard]] Cost matmul_cost(DType type, std::uint64_t rows, std::uint64_t cols,
                               std::uint64_t batch);

}  // namespace frugal::kernels
