#pragma once

/// Rounding that makes up for its own errors: what one column loses, the columns after it take
/// over, as far as their inputs go together.

#include <cstddef>
#include <optional>
#include <vector>

#include "frugal/base/thread_pool.h"
#include "frugal/compress/moments.h"
#include "frugal/compress/rows.h"
#include "frugal/kernels/kernels.h"
#include "frugal/tensor/dtype.h"

namespace frugal::compress {

/// What an input means to the rounding of its matrices: made once, used for all of them.
///
/// Formula: H = sum / count; U upper triangular, Uᵀ U = (H + damping mean(diag H) I)⁻¹.
struct ErrorFeedback {
  std::size_t cols = 0;
  double damping = 0.0;  ///< what was needed: 0.01, or tenfold steps of it
  std::size_t dead = 0;  ///< columns that are always 0; they neither give nor take errors
  std::vector<float> weights = {};    ///< [cols] diag H
  std::vector<float> moments = {};    ///< [cols][cols] H
  std::vector<float> factor = {};     ///< [cols][cols] row c: U[0 … c][c]
  std::vector<float> near_rows = {};  ///< [cols][kSpan] row j: U[j][·] of the span that j is in
  static constexpr std::size_t kSpan = 256;

  /// Most bytes that making and keeping one needs, besides the sums.
  [[nodiscard]] static std::uint64_t bytes_of(std::size_t cols);
};

/// Nothing: no damping up to the mean of the diagonal makes the sum positive definite, or all of it
/// is 0.
///
/// Numbers: float64 inside; the same bits for any number of threads.
/// Source:  Frantar et al. 2022, arXiv:2210.17323, algorithm 1; U is taken from the Cholesky factor
///          of the matrix with its order reversed, so no inverse is formed first.
[[nodiscard]] std::optional<ErrorFeedback> make_feedback(const SecondMoments& moments,
                                                         ThreadPool& pool);

/// Both ways to round a matrix, by what the text would notice of them.
struct RoundedMatrix {
  std::vector<std::byte> stored = {};  ///< rows in the type, the better way
  bool fed_back = false;               ///< the better way is GPTQ
  double loss_search = 0.0;  ///< tr((W - Ŵ) H (W - Ŵ)ᵀ) of round_row, weighted by diag H
  double loss_gptq = 0.0;    ///< the same of GPTQ
};

/// Rounds W, to a type that kernels::has_grid: for each block of columns scales are searched for
/// the weights as they then are, errors weighted by 1 / U[j][j]², and columns rounded one by one,
///     e = (w[j] - ŵ[j]) / U[j][j],   w[c] -= e U[j][c] for c > j.
///
/// Shapes:  rows of feedback.cols numbers, a multiple of the type's block.
/// Numbers: float32; losses in double from float32 products.  The same bytes for any number of
///          threads; instruction sets may differ in some codes.
/// Errors:  those of `read`.  Where GPTQ's numbers leave what the type holds its loss is infinite.
/// Threads: rows are shared out over the pool.
/// Memory:  both results, and a few rows per thread.
[[nodiscard]] RoundedMatrix round_matrix(const kernels::Kernels& kernels, ThreadPool& pool,
                                         const Rows& rows, const ErrorFeedback& feedback);

}  // namespace frugal::compress
