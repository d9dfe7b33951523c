#pragma once

/// Private to this folder: rows of a matrix while errors are fed forward through them, for rounding
/// (gptq.h) and for zeros (prune.h).

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "frugal/compress/gptq.h"
#include "frugal/compress/sparsity.h"
#include "frugal/kernels/round.h"
#include "frugal/tensor/view.h"

namespace frugal::compress {

/// What is the same for all rows: weights for the search of scales, by the column that a block
/// begins with.  An error of column j costs 1 / U[j][j]² once the columns after it have made up for
/// what they can.  Empty for types without scales.
struct BlockWeights {
  static constexpr std::size_t kSearched = 256;  ///< numbers that a search takes side by side

  std::size_t block = 1;
  std::vector<kernels::ColumnWeights> by_block = {};

  BlockWeights(DType type, const ErrorFeedback& feedback);
};

/// Some rows on one thread at a time: changed as errors are fed to them, stored as they are
/// rounded, span by span from the left.
class FedRows {
 public:
  /// Shapes: w: [rows, feedback.cols]; out: as many stored rows of the type.  `feedback`
  ///         and `weights` must outlive it.
  FedRows(const kernels::Kernels& kernels, DType type, const ErrorFeedback& feedback,
          const BlockWeights& weights, MatrixView<float> w, std::byte* out);

  /// From now on zeros are chosen by this pattern, in each group when the errors of all columns
  /// before it have reached it.
  void use_groups(const Sparsity* groups) { groups_ = groups; }  // outlives the rows

  /// What each number of columns [first, end) would cost as a 0: out[r][c] = |w| / U[c][c].
  void scores(std::size_t first, std::size_t end, std::span<float> out) const;

  /// Rounds columns [first, end), all within one span of ErrorFeedback::kSpan, and feeds their
  /// errors to all behind them.
  ///
  /// zero: [rows][end - first], where 1 a number becomes 0; empty: nowhere.
  void advance(std::size_t first, std::size_t end, std::span<const std::uint8_t> zero = {});

  [[nodiscard]] std::size_t rows() const { return w_.rows; }

 private:
  struct Span;
  [[nodiscard]] std::byte* stored(std::size_t row, std::size_t block) const;
  [[nodiscard]] float score_of(std::size_t row, std::size_t column) const;
  void mark(Span& span, std::size_t row, std::size_t at, std::size_t end) const;
  void choose_scales(Span& span, std::size_t at);
  void round_in_grid(Span& span, std::size_t row, std::size_t at);
  void round_floats(Span& span, std::size_t row);
  void feed(Span& span, std::size_t row, std::size_t column, float error);
  void feed_behind(const Span& span);

  const kernels::Kernels& kernels_;
  DType type_;
  const ErrorFeedback& feedback_;
  const BlockWeights& weights_;
  MatrixView<float> w_;
  std::byte* out_;
  std::size_t row_bytes_;
  std::size_t block_bytes_;
  const Sparsity* groups_ = nullptr;
};

/// tr((W - Ŵ) H (W - Ŵ)ᵀ) of some rows; infinite where it is no number.
[[nodiscard]] double loss_of(const kernels::Kernels& kernels, DType type,
                             const ErrorFeedback& feedback, MatrixView<const float> w,
                             const std::byte* stored);

}  // namespace frugal::compress
