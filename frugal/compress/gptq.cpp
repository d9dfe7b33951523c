// GPTQ is a greedy solution of a least-squares problem in whole numbers, one per row w of the
// matrix: find codes such that (w - ŵ) H (w - ŵ)ᵀ is small.  With H = R Rᵀ, R upper triangular,
// that is |(w - ŵ) R|², and column j of the product holds columns 0 … j of w - ŵ only: once those
// before j are rounded, the best real number for w[j] is known, and rounding to the nearest code
// leaves an error that only later columns can lessen.  U = R⁻¹ turns the best real number into the
// running update of gptq.h.
//
// R of H is L of H with rows and columns in reverse order, reversed again; likewise their inverses.
// So one Cholesky factor and one triangular inverse are all that is needed.
//
// Work per row is cols²/2 multiplications.  Within a span of 256 columns each error is fed to the
// columns right after it; all columns behind the span get the errors of the span in one matrix
// product, where the kernels are fast.

#include "frugal/compress/gptq.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "frugal/base/error.h"
#include "frugal/compress/moment_loss.h"
#include "frugal/kernels/block_grid.h"
#include "frugal/kernels/matmul.h"
#include "frugal/kernels/round.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {

namespace {

constexpr std::size_t kSpan = ErrorFeedback::kSpan;
constexpr std::size_t kRowsOfPiece = 32;
constexpr std::size_t kPiecesAtOnce = 64;  // between two words of progress
constexpr std::size_t kSearched = 256;     // numbers that a search takes side by side

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

// What is the same for all rows: weights for the search, by the column that a block begins with.
// An error of column j costs 1 / U[j][j]² once the columns after it have made up for what they can.
struct BlockWeights {
  std::size_t block = 0;
  std::vector<kernels::ColumnWeights> by_block;

  BlockWeights(DType type, const ErrorFeedback& feedback) : block(traits(type).block_elements) {
    for (std::size_t at = 0; at < feedback.cols; at += block) {
      std::vector<float> repeated;  // blocks of several rows are searched side by side
      for (std::size_t i = 0; i < kSearched; ++i) {
        const std::size_t j = at + (i % block);
        const float u = feedback.factor[(j * feedback.cols) + j];
        repeated.push_back(1.0F / (u * u));
      }
      by_block.emplace_back(type, kSearched, repeated);
    }
  }
};

// A piece of the matrix on one thread: some rows, changed as errors are fed to them.
class Piece {
 public:
  Piece(const kernels::Kernels& kernels, DType type, const ErrorFeedback& feedback,
        MatrixView<float> w, std::byte* out)
      : kernels_(kernels),
        type_(type),
        feedback_(feedback),
        w_(w),
        out_(out),
        row_bytes_(row_bytes(type, w.cols).value()),
        block_bytes_(row_bytes(type, traits(type).block_elements).value()),
        errors_(w.rows * kSpan) {}

  void round(const BlockWeights& weights) {
    for (std::size_t first = 0; first < w_.cols; first += kSpan) {
      const std::size_t end = std::min(first + kSpan, w_.cols);
      for (std::size_t at = first; at < end; at += weights.block) {
        choose_scales(at, weights);
        for (std::size_t r = 0; r < w_.rows; ++r) round_block(r, at, weights.block, end);
      }
      feed_behind(first, end);
    }
  }

 private:
  std::byte* stored(std::size_t row, std::size_t block) const {
    return out_ + (row * row_bytes_) + (block * block_bytes_);
  }

  // The searched block of every row; its codes are replaced afterwards.
  void choose_scales(std::size_t at, const BlockWeights& weights) {
    const std::size_t per_search = kSearched / weights.block;
    std::vector<float> x(kSearched);
    std::vector<std::byte> found(per_search * block_bytes_);
    for (std::size_t r = 0; r < w_.rows; r += per_search) {
      const std::size_t here = std::min(per_search, w_.rows - r);
      std::fill(x.begin(), x.end(), 0.0F);
      for (std::size_t i = 0; i < here; ++i) {
        std::copy_n(w_.row(r + i) + at, weights.block,
                    x.begin() + static_cast<std::ptrdiff_t>(i * weights.block));
      }
      const std::size_t block = at / weights.block;
      kernels::round_row(kernels_, type_, x, weights.by_block[block], found.data());
      for (std::size_t i = 0; i < here; ++i) {
        std::copy_n(found.begin() + static_cast<std::ptrdiff_t>(i * block_bytes_), block_bytes_,
                    stored(r + i, block));
      }
    }
  }

  void round_block(std::size_t row, std::size_t at, std::size_t block, std::size_t end) {
    const std::size_t span = at / kSpan * kSpan;
    std::byte* to = stored(row, at / block);
    const kernels::BlockGrid grid = kernels::grid_of(type_, to);
    std::uint8_t codes[kSearched];
    float* w = w_.row(row);
    for (std::size_t j = at; j < at + block; ++j) {
      const kernels::GridPoint point = kernels::nearest_point(grid, j - at, w[j]);
      codes[j - at] = point.code;
      const float* u = feedback_.near_rows.data() + (j * kSpan);
      const float error = (w[j] - point.number) / u[j - span];
      errors_[(row * kSpan) + (j - span)] = error;
      for (std::size_t c = j + 1; c < end; ++c) w[c] -= error * u[c - span];
    }
    kernels::put_codes(type_, {codes, block}, to);
  }

  // w[r][c] -= Σ_j errors[r][j] U[j][c] for the columns behind the span.
  void feed_behind(std::size_t first, std::size_t end) {
    if (end == w_.cols) return;
    change_.resize(w_.rows * w_.cols);
    const kernels::StoredMatrix factor{
        .type = DType::kF32,
        .data = std::as_bytes(std::span(feedback_.factor)).data() + (first * sizeof(float)),
        .rows = w_.cols,
        .cols = end - first,
        .row_bytes = w_.cols * sizeof(float)};
    const MatrixView<float> change{change_.data(), w_.rows, w_.cols, w_.cols};
    kernels::matmul(kernels_, factor, {.x = {errors_.data(), w_.rows, end - first, kSpan}}, end,
                    w_.cols, change);
    for (std::size_t r = 0; r < w_.rows; ++r) {
      float* w = w_.row(r);
      for (std::size_t c = end; c < w_.cols; ++c) w[c] -= change.row(r)[c];
    }
  }

  const kernels::Kernels& kernels_;
  DType type_;
  const ErrorFeedback& feedback_;
  MatrixView<float> w_;
  std::byte* out_;
  std::size_t row_bytes_;
  std::size_t block_bytes_;
  std::vector<float> errors_;  // [rows][kSpan]
  std::vector<float> change_;  // [rows][cols]
};

// What the text would notice of rows rounded to `stored`.
double loss_of(const kernels::Kernels& kernels, DType type, const ErrorFeedback& feedback,
               MatrixView<const float> w, const std::byte* stored) {
  const std::size_t cols = w.cols;
  const std::size_t bytes = row_bytes(type, cols).value();
  std::vector<float> rest(w.rows * cols);
  for (std::size_t r = 0; r < w.rows; ++r) {
    const std::span<float> row(rest.data() + (r * cols), cols);
    decode_row(type, stored + (r * bytes), row);
    for (std::size_t c = 0; c < cols; ++c) row[c] = w.row(r)[c] - row[c];
  }
  return moment_loss(kernels, feedback.moments, {rest.data(), w.rows, cols, cols});
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
  Piece(kernels, type, feedback, {changed.data(), count, cols, cols}, to.fed_back).round(weights);
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
