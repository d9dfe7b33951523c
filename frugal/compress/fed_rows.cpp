// Work per row is cols²/2 multiplications.  Within a span each error is fed to the columns right
// after it; all columns behind the span get its errors in one matrix product, where the kernels are
// fast.

#include "frugal/compress/fed_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "frugal/base/error.h"
#include "frugal/compress/moment_loss.h"
#include "frugal/kernels/block_grid.h"
#include "frugal/kernels/matmul.h"
#include "frugal/tensor/codec.h"
#include "frugal/tensor/half.h"

namespace frugal::compress {

namespace {

constexpr std::size_t kSpan = ErrorFeedback::kSpan;
constexpr std::size_t kSearched = BlockWeights::kSearched;

// The nearest number of a type without blocks.
float nearest_float(DType type, float x) {
  if (type == DType::kF16) return half_to_float(float_to_half(x));
  return type == DType::kBF16 ? bfloat_to_float(float_to_bfloat(x)) : x;
}

}  // namespace

BlockWeights::BlockWeights(DType type, const ErrorFeedback& feedback)
    : block(traits(type).block_elements) {
  if (block == 1) return;
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

// Columns [first, end) of all rows on their way.
struct FedRows::Span {
  std::size_t first;
  std::size_t end;
  std::vector<float> errors;       // [rows][kSpan]
  std::vector<std::uint8_t> zero;  // [rows][end - first]; empty: none

  [[nodiscard]] bool is_zero(std::size_t row, std::size_t column) const {
    return !zero.empty() && zero[(row * (end - first)) + (column - first)] != 0;
  }
};

FedRows::FedRows(const kernels::Kernels& kernels, DType type, const ErrorFeedback& feedback,
                 const BlockWeights& weights, MatrixView<float> w, std::byte* out)
    : kernels_(kernels),
      type_(type),
      feedback_(feedback),
      weights_(weights),
      w_(w),
      out_(out),
      row_bytes_(row_bytes(type, w.cols).value()),
      block_bytes_(row_bytes(type, traits(type).block_elements).value()) {
  FRUGAL_CHECK(weights.block == 1 || kernels::has_grid(type));
}

std::byte* FedRows::stored(std::size_t row, std::size_t block) const {
  return out_ + (row * row_bytes_) + (block * block_bytes_);
}

float FedRows::score_of(std::size_t row, std::size_t column) const {
  const float score = std::abs(w_.row(row)[column]) / feedback_.factor[(column * w_.cols) + column];
  return std::isnan(score) ? std::numeric_limits<float>::infinity() : score;
}

void FedRows::scores(std::size_t first, std::size_t end, std::span<float> out) const {
  for (std::size_t r = 0; r < w_.rows; ++r) {
    for (std::size_t c = first; c < end; ++c) {
      out[(r * (end - first)) + (c - first)] = score_of(r, c);
    }
  }
}

void FedRows::advance(std::size_t first, std::size_t end, std::span<const std::uint8_t> zero) {
  FRUGAL_CHECK(first / kSpan == (end - 1) / kSpan);
  Span span{.first = first,
            .end = end,
            .errors = std::vector<float>(w_.rows * kSpan),
            .zero = {zero.begin(), zero.end()}};
  if (groups_ != nullptr) span.zero.resize(w_.rows * (end - first));
  if (weights_.block == 1) {
    for (std::size_t r = 0; r < w_.rows; ++r) round_floats(span, r);
  } else {
    for (std::size_t at = first; at < end; at += weights_.block) {
      choose_scales(span, at);
      for (std::size_t r = 0; r < w_.rows; ++r) round_in_grid(span, r, at);
    }
  }
  feed_behind(span);
}

// Zeros of one row in columns [at, end), by its weights as they are now.
void FedRows::mark(Span& span, std::size_t row, std::size_t at, std::size_t end) const {
  std::array<float, kSpan> score{};
  for (std::size_t c = at; c < end; ++c) score[c - at] = score_of(row, c);
  mark_groups({score.data(), end - at}, *groups_,
              {span.zero.data() + (row * (span.end - span.first)) + (at - span.first), end - at});
}

// The searched block of every row; its codes are replaced afterwards.
void FedRows::choose_scales(Span& span, std::size_t at) {
  if (groups_ != nullptr) {  // a first guess, so that the search sees what will stay
    for (std::size_t r = 0; r < w_.rows; ++r) mark(span, r, at, at + weights_.block);
  }
  const std::size_t per_search = kSearched / weights_.block;
  const std::size_t block = at / weights_.block;
  std::vector<float> x(kSearched);
  std::vector<std::byte> found(per_search * block_bytes_);
  for (std::size_t r = 0; r < w_.rows; r += per_search) {
    const std::size_t here = std::min(per_search, w_.rows - r);
    std::fill(x.begin(), x.end(), 0.0F);
    for (std::size_t i = 0; i < here; ++i) {
      for (std::size_t j = 0; j < weights_.block; ++j) {
        const bool zero = span.is_zero(r + i, at + j);
        x[(i * weights_.block) + j] = zero ? 0.0F : w_.row(r + i)[at + j];
      }
    }
    kernels::round_row(kernels_, type_, x, weights_.by_block[block], found.data());
    for (std::size_t i = 0; i < here; ++i) {
      std::copy_n(found.begin() + static_cast<std::ptrdiff_t>(i * block_bytes_), block_bytes_,
                  stored(r + i, block));
    }
  }
}

// w[c] -= error U[j][c] for the columns of the span behind j, error = (w[j] - ŵ[j]) / U[j][j].
void FedRows::feed(Span& span, std::size_t row, std::size_t column, float error) {
  const std::size_t from = column / kSpan * kSpan;
  const float* u = feedback_.near_rows.data() + (column * kSpan);
  float* w = w_.row(row);
  error /= u[column - from];
  span.errors[(row * kSpan) + (column - span.first)] = error;
  for (std::size_t c = column + 1; c < span.end; ++c) w[c] -= error * u[c - from];
}

void FedRows::round_in_grid(Span& span, std::size_t row, std::size_t at) {
  std::byte* to = stored(row, at / weights_.block);
  const kernels::BlockGrid grid = kernels::grid_of(type_, to);
  std::uint8_t codes[kSearched];
  const float* w = w_.row(row);
  for (std::size_t j = at; j < at + weights_.block; ++j) {
    if (groups_ != nullptr && j % groups_->group == 0) mark(span, row, j, j + groups_->group);
    const float wanted = span.is_zero(row, j) ? 0.0F : w[j];
    const kernels::GridPoint point = kernels::nearest_point(grid, j - at, wanted);
    codes[j - at] = point.code;
    feed(span, row, j, w[j] - point.number);
  }
  kernels::put_codes(type_, {codes, weights_.block}, to);
}

void FedRows::round_floats(Span& span, std::size_t row) {
  const float* w = w_.row(row);
  std::array<float, kSpan> rounded{};
  for (std::size_t j = span.first; j < span.end; ++j) {
    if (groups_ != nullptr && j % groups_->group == 0) {
      mark(span, row, j, std::min(j + groups_->group, span.end));
    }
    const float number = span.is_zero(row, j) ? 0.0F : nearest_float(type_, w[j]);
    rounded[j - span.first] = number;
    feed(span, row, j, w[j] - number);
  }
  encode_row(type_, {rounded.data(), span.end - span.first}, stored(row, span.first));
}

// w[r][c] -= Σ_j errors[r][j] U[j][c] for the columns behind the span.
void FedRows::feed_behind(const Span& span) {
  if (span.end == w_.cols) return;
  std::vector<float> products(w_.rows * w_.cols);
  const std::size_t width = span.end - span.first;
  const kernels::StoredMatrix factor{
      .type = DType::kF32,
      .data = std::as_bytes(std::span(feedback_.factor)).data() + (span.first * sizeof(float)),
      .rows = w_.cols,
      .cols = width,
      .row_bytes = w_.cols * sizeof(float)};
  const MatrixView<float> change{products.data(), w_.rows, w_.cols, w_.cols};
  kernels::matmul(kernels_, factor, {.x = {span.errors.data(), w_.rows, width, kSpan}}, span.end,
                  w_.cols, change);
  for (std::size_t r = 0; r < w_.rows; ++r) {
    float* w = w_.row(r);
    for (std::size_t c = span.end; c < w_.cols; ++c) w[c] -= change.row(r)[c];
  }
}

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

}  // namespace frugal::compress
