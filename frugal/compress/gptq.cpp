// GPTQ is a greedy solution of a least-squares problem in whole numbers, one per row w of the
// matrix: find codes such that (w - ŵ) H (w - ŵ)ᵀ is small.  With H = R Rᵀ, R upper triangular,
// that is |(w - ŵ) R|², and column j of the product holds columns 0 … j of w - ŵ only: once those
// before j are rounded, the best real number for w[j] is known, and rounding to the nearest code
// leaves an error that only later columns can lessen.  U = R⁻¹ turns the best real number into the
// running update of gptq.h.
//
// R of H is L of H with rows and columns in reverse order, reversed again; likewise their inverses.
// So one Cholesky factor and one triangular inverse are all that is needed.

#include "frugal/compress/gptq.h"

#include <algorithm>
#include <cmath>

#include "frugal/base/error.h"
#include "frugal/compress/fed_rows.h"
#include "frugal/compress/moment_loss.h"
#include "frugal/kernels/block_grid.h"
#include "frugal/kernels/round.h"

namespace frugal::compress {

namespace {

constexpr std::size_t kSpan = ErrorFeedback::kSpan;
constexpr std::size_t kRowsOfPiece = 32;
constexpr std::size_t kPiecesAtOnce = 64;  // between two words of progress

// (H reversed + damping I) for H = sum / count.
SquareMatrix reversed(const SecondMoments& moments, double damping) {
  const std::size_t n = moments.sum.size();
  SquareMatrix out(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      out.row(i)[j] = moments.sum.row(n - 1 - j)[n - 1 - i] / moments.count;
    }
    out.row(i)[i] += damping;
  }
  return out;
}

// U in the layouts that rounding reads; `inverse` is that of the reversed factor.
void set_factor(const SquareMatrix& inverse, ErrorFeedback& feedback) {
  const std::size_t n = feedback.cols;
  feedback.factor.assign(n * n, 0.0F);
  feedback.near_rows.assign(n * kSpan, 0.0F);
  for (std::size_t j = 0; j < n; ++j) {
    const double* row = inverse.row(n - 1 - j);  // U[j][c] = row[n - 1 - c]
    const std::size_t span = j / kSpan * kSpan;
    for (std::size_t c = j; c < n; ++c) {
      const auto value = static_cast<float>(row[n - 1 - c]);
      feedback.factor[(c * n) + j] = value;
      if (c < span + kSpan) feedback.near_rows[(j * kSpan) + (c - span)] = value;
    }
  }
}

struct Losses {
  double search = 0.0;
  double gptq = 0.0;
};

// Rows that are rounded both ways.
struct Ways {
  std::byte* searched;
  std::byte* fed_back;
};

Losses round_both_ways(const kernels::Kernels& kernels, DType type, const ErrorFeedback& feedback,
                       std::vector<float>& numbers, const BlockWeights& weights, const Ways& to) {
  const std::size_t cols = feedback.cols;
  const std::size_t count = numbers.size() / cols;
  const kernels::ColumnWeights row_weights(type, cols, feedback.weights);
  for (std::size_t r = 0; r < count; ++r) {
    kernels::round_row(kernels, type, std::span(numbers).subspan(r * cols, cols), row_weights,
                       to.searched + (r * row_bytes(type, cols).value()));
  }
  std::vector<float> changed = numbers;
  FedRows rows(kernels, type, feedback, weights, {changed.data(), count, cols, cols}, to.fed_back);
  for (std::size_t first = 0; first < cols; first += kSpan) {
    rows.advance(first, std::min(first + kSpan, cols));
  }
  const MatrixView<const float> w{numbers.data(), count, cols, cols};
  return {.search = loss_of(kernels, type, feedback, w, to.searched),
          .gptq = loss_of(kernels, type, feedback, w, to.fed_back)};
}

}  // namespace

std::uint64_t ErrorFeedback::bytes_of(std::size_t cols) {
  // While it is made: two matrices of doubles; kept: two of floats.
  return (2 * SquareMatrix::bytes_of(cols)) + (cols * (cols + kSpan) * 2 * sizeof(float));
}

std::optional<ErrorFeedback> make_feedback(const SecondMoments& moments, ThreadPool& pool) {
  const std::size_t n = moments.sum.size();
  ErrorFeedback feedback{.cols = n};
  double mean = 0.0;
  for (std::size_t c = 0; c < n; ++c) {
    const double value = moments.sum.row(c)[c] / moments.count;
    if (!(value > 0.0)) ++feedback.dead;
    feedback.weights.push_back(static_cast<float>(value));
    mean += value / static_cast<double>(n);
  }
  if (!(mean > 0.0) || !std::isfinite(mean)) return std::nullopt;
  for (const double damping : {0.01, 0.1, 1.0}) {
    SquareMatrix matrix = reversed(moments, damping * mean);
    if (cholesky(matrix, pool)) continue;
    invert_lower(matrix, pool);
    feedback.damping = damping;
    set_factor(matrix, feedback);
    feedback.moments = mean_moments(moments);
    return feedback;
  }
  return std::nullopt;
}

RoundedMatrix round_matrix(const kernels::Kernels& kernels, ThreadPool& pool, const Rows& rows,
                           const ErrorFeedback& feedback) {
  FRUGAL_CHECK(kernels::has_grid(rows.type));
  const std::size_t bytes = row_bytes(rows.type, feedback.cols).value();
  std::vector<std::byte> searched(rows.count * bytes);
  std::vector<std::byte> fed_back(rows.count * bytes);
  std::vector<Losses> losses((rows.count + kRowsOfPiece - 1) / kRowsOfPiece);
  const BlockWeights weights(rows.type, feedback);
  const auto round_piece = [&](std::size_t piece) {
    const std::size_t first = piece * kRowsOfPiece;
    const std::size_t count = std::min(kRowsOfPiece, rows.count - first);
    std::vector<float> numbers(count * feedback.cols);
    for (std::size_t r = 0; r < count; ++r) {
      rows.read(first + r, std::span(numbers).subspan(r * feedback.cols, feedback.cols));
    }
    losses[piece] =
        round_both_ways(kernels, rows.type, feedback, numbers, weights,
                        {searched.data() + (first * bytes), fed_back.data() + (first * bytes)});
  };
  for (std::size_t first = 0; first < losses.size(); first += kPiecesAtOnce) {
    const std::size_t here = std::min(kPiecesAtOnce, losses.size() - first);
    pool.parallel_for(here, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t piece = begin; piece < end; ++piece) round_piece(first + piece);
    });
    if (rows.done) rows.done(std::min((first + here) * kRowsOfPiece, rows.count));
  }
  RoundedMatrix result;
  for (const Losses& each : losses) {
    result.loss_search += each.search;
    result.loss_gptq += each.gptq;
  }
  result.fed_back = result.loss_gptq < result.loss_search;
  result.stored = std::move(result.fed_back ? fed_back : searched);
  return result;
}

}  // namespace frugal::compress
