#pragma once

/// Activations in fewer bits: int8 per 32 for block products, binary16 for the KV cache.

#include <vector>

#include "frugal/base/work.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/view.h"

namespace frugal::kernels {

/// Numbers that share one scale; every block format's block is a multiple of it.
inline constexpr std::size_t kActivationBlock = 32;

/// Owner of rounded activations.  Grows and never shrinks, so that a forward pass allocates once.
class QuantizedRows {
 public:
  /// Makes room for `rows` x `cols`, cols a multiple of 32; what was there before is lost.
  void resize(std::size_t rows, std::size_t cols);

  [[nodiscard]] QuantizedView view() const { return {values_.data(), blocks_.data()}; }
  [[nodiscard]] std::int8_t* values(std::size_t row) { return values_.data() + (row * cols_); }
  [[nodiscard]] ActivationBlock* blocks(std::size_t row) {
    return blocks_.data() + (row * (cols_ / kActivationBlock));
  }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }

 private:
  std::vector<std::int8_t> values_;
  std::vector<ActivationBlock> blocks_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

/// For each 32 numbers: scale = max |x| / 127, q[j] = round half away from zero (x[j] / scale), and
/// the sums of `ActivationBlock`
///
/// Shapes:  x: [rows, cols], cols a multiple of 32; written to rows [first, first + rows) of `out`.
/// Numbers: the same bytes in every instruction set, and q those of encode_row(DType::kQ8_0); but
///          the scale stays float32.  Numbers below 127 * 2^-128 in magnitude, whose 1 / scale is
///          infinite, become zeros.  NaN and infinity make their block NaN, and no other.
/// Errors:  throws nothing; rows or cols that do not fit `out` are a bug and fail FRUGAL_CHECK.
/// Threads: runs on the caller's thread only; disjoint rows may run side by side.
/// Source:  `quantize_row_q8_0_ref` (ggml-quants.c) for the rounding.
void quantize(const Kernels& kernels, MatrixView<const float> x, QuantizedRows& out,
              std::size_t first = 0);

/// out[r][c] = x[r][c] as binary16, rounded to nearest even
///
/// Shapes:  x, out: [rows, cols].
/// Numbers: the same bits in every instruction set; overflow gives infinity.  NaN gives a quiet NaN
///          whose payload is not defined.
/// Errors:  throws nothing; a shape mismatch is a bug and fails FRUGAL_CHECK.
/// Threads: runs on the caller's thread only.
void store_f16(const Kernels& kernels, MatrixView<const float> x, MatrixView<std::uint16_t> out);

/// Cost of one quantize call.  Per element: compare, scale, round, and one integer addition; per
/// block two divisions and three scaled sums.  x read, values and blocks written.
[[nodiscard]] constexpr Cost quantize_cost(std::uint64_t rows, std::uint64_t cols) {
  const std::uint64_t blocks = rows * (cols / kActivationBlock);
  return Cost{}
      .add(Op::kFloat, (3 * rows * cols) + (3 * blocks))
      .add(Op::kInt8, rows * cols)
      .add(Op::kSpecial, 2 * blocks)
      .add(Traffic::kCache, (5 * rows * cols) + (sizeof(ActivationBlock) * blocks));
}

/// Cost of one store_f16 call into a KV cache: one rounding per element; x read, halves written.
[[nodiscard]] constexpr Cost store_f16_cost(std::uint64_t rows, std::uint64_t cols) {
  return Cost{}
      .add(Op::kFloat, rows * cols)
      .add(Traffic::kDram, 2 * rows * cols)
      .add(Traffic::kCache, 4 * rows * cols);
}

}  // namespace frugal::kernels
