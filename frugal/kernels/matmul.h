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

/// Activations as a product wants them: floats, and blocks of int8 beside them when some weight of
/// the layer is stored in blocks.
struct Activations {
  MatrixView<const float> x;          ///< [batch, cols]
  const BlockQ8_0* blocks = nullptr;  ///< [batch][cols / 32], or null
};

/// Types that `matmul` multiplies, and whether the type wants `Activations::blocks`.
[[nodiscard]] bool can_multiply(DType type);
[[nodiscard]] bool wants_blocks(DType type);

/// out[n][r] = sum_c w[r][c] * x[n][c] for stored rows r in [row_begin, row_end).
///
/// Shapes:  w: [rows, cols]; x: [batch, cols]; out: [batch, rows].
/// Numbers: float formats: float32 products and sums.  Block formats: activations rounded to int8
///          per 32, exact integer sums per block, float32 across blocks.  Instruction sets agree to
///          1e-5 of sum |w x| (their order of summation differs); within one of them the bits of a
///          result depend on neither the batch nor the row range it was computed in.
/// Errors:  throws nothing; a shape mismatch is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only; disjoint row ranges may run side by side.
void matmul(const Kernels& kernels, const StoredMatrix& w, const Activations& x,
            std::size_t row_begin, std::size_t row_end, MatrixView<float> out);

/// Cost of a whole product: two operations per weight and activation row; weights are read once,
/// activations read and results written once per row.
[[nodiscard]] Cost matmul_cost(DType type, std::uint64_t rows, std::uint64_t cols,
                               std::uint64_t batch);

}  // namespace frugal::kernels
