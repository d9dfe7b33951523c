#include "frugal/compress/prune.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "frugal/base/error.h"
#include "frugal/compress/fed_rows.h"
#include "frugal/kernels/round.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {

namespace {

constexpr std::size_t kColsAtOnce = 128;  // whose zeros are chosen together
constexpr std::size_t kRowsOfPiece = 32;

// All numbers of a matrix.
struct Numbers {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<float> values = {};

  [[nodiscard]] std::span<float> row(std::size_t r) {
    return std::span(values).subspan(r * cols, cols);
  }
  [[nodiscard]] MatrixView<float> view(std::size_t first, std::size_t count) {
    return {values.data() + (first * cols), count, cols, cols};
  }
};

void each_row(ThreadPool& pool, std::size_t rows,
              const std::function<void(std::size_t row)>& body) {
  pool.parallel_for(rows, kRowsOfPiece, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) body(r);
  });
}

Numbers read_all(ThreadPool& pool, const Rows& rows, std::size_t cols) {
  Numbers numbers{.rows = rows.count, .cols = cols, .values = {}};
  numbers.values.resize(rows.count * cols);
  each_row(pool, rows.count, [&](std::size_t r) { rows.read(r, numbers.row(r)); });
  return numbers;
}

void set_zeros(std::span<const std::uint8_t> zero, std::span<float> row) {
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (zero[c] != 0) row[c] = 0.0F;
  }
}

// By |w| among all numbers of the matrix.
void prune_whole(ThreadPool& pool, double ratio, Numbers& numbers) {
  std::vector<float> scores(numbers.values.size());
  each_row(pool, numbers.rows, [&](std::size_t r) {
    const std::span<const float> row = numbers.row(r);
    for (std::size_t c = 0; c < row.size(); ++c) scores[(r * row.size()) + c] = std::abs(row[c]);
  });
  std::vector<std::uint8_t> zero(scores.size());
  mark_smallest(scores, zeros_of(ratio, scores.size()), zero);
  set_zeros(zero, numbers.values);
}

void prune_row(const Pruning& how, std::span<float> row) {
  std::vector<float> scores(row.size());
  std::vector<std::uint8_t> zero(row.size());
  for (std::size_t c = 0; c < row.size(); ++c) {
    scores[c] = std::abs(row[c]);
    if (!how.weights.empty()) scores[c] *= std::sqrt(how.weights[c]);
  }
  if (how.sparsity.group > 0) {
    mark_groups(scores, how.sparsity, zero);
  } else if (how.sparsity.below > 0.0F) {
    for (std::size_t c = 0; c < row.size(); ++c) zero[c] = std::abs(row[c]) < how.sparsity.below;
  } else {
    mark_smallest(scores, zeros_of(how.sparsity.ratio, row.size()), zero);
  }
  set_zeros(zero, row);
}

void set_smallest_to_zero(ThreadPool& pool, const Pruning& how, Numbers& numbers) {
  const bool by_row = how.sparsity.group > 0 || how.sparsity.below > 0.0F || !how.weights.empty();
  if (!by_row) return prune_whole(pool, how.sparsity.ratio, numbers);
  each_row(pool, numbers.rows, [&](std::size_t r) { prune_row(how, numbers.row(r)); });
}

std::vector<std::byte> round_all(const kernels::Kernels& kernels, ThreadPool& pool, DType type,
                                 std::span<const float> weights, Numbers& numbers) {
  const std::size_t bytes = row_bytes(type, numbers.cols).value();
  std::vector<std::byte> stored(numbers.rows * bytes);
  const kernels::ColumnWeights columns(type, numbers.cols, weights);
  each_row(pool, numbers.rows, [&](std::size_t r) {
    kernels::round_row(kernels, type, numbers.row(r), columns, stored.data() + (r * bytes));
  });
  return stored;
}

std::uint64_t count_zeros(DType type, std::size_t cols, std::span<const std::byte> stored) {
  const std::size_t bytes = row_bytes(type, cols).value();
  std::vector<float> row(cols);
  std::uint64_t zeros = 0;
  for (std::size_t at = 0; at < stored.size(); at += bytes) {
    decode_row(type, stored.data() + at, row);
    zeros += static_cast<std::uint64_t>(std::count(row.begin(), row.end(), 0.0F));
  }
  return zeros;
}

// All rows of a matrix, span after span.
class Sweep {
 public:
  Sweep(const kernels::Kernels& kernels, ThreadPool& pool, DType type, const Sparsity& sparsity,
        const ErrorFeedback& feedback)
      : kernels_(kernels),
        pool_(pool),
        type_(type),
        sparsity_(sparsity),
        feedback_(feedback),
        weights_(type, feedback),
        width_(std::max(kColsAtOnce, weights_.block)) {}

  std::vector<std::byte> run(Numbers& numbers, const std::function<void(std::size_t)>& done) {
    const std::size_t bytes = row_bytes(type_, numbers.cols).value();
    std::vector<std::byte> stored(numbers.rows * bytes);
    std::vector<FedRows> pieces;
    for (std::size_t first = 0; first < numbers.rows; first += kRowsOfPiece) {
      const std::size_t here = std::min(kRowsOfPiece, numbers.rows - first);
      pieces.emplace_back(kernels_, type_, feedback_, weights_, numbers.view(first, here),
                          stored.data() + (first * bytes));
      if (sparsity_.group > 0) pieces.back().use_groups(&sparsity_);
    }
    for (std::size_t first = 0; first < numbers.cols; first += width_) {
      const std::size_t end = std::min(first + width_, numbers.cols);
      step(pieces, first, end);
      if (done) done(numbers.rows * end / numbers.cols);
    }
    return stored;
  }

 private:
  void step(std::vector<FedRows>& pieces, std::size_t first, std::size_t end) {
    const std::size_t width = end - first;
    std::vector<std::uint8_t> zero;
    if (sparsity_.group == 0) zero = choose(pieces, first, end);
    each_piece(pieces, [&](FedRows& piece, std::size_t row) {
      const std::span<const std::uint8_t> all(zero);
      piece.advance(first, end, all.empty() ? all : all.subspan(row * width, piece.rows() * width));
    });
  }

  std::vector<std::uint8_t> choose(std::vector<FedRows>& pieces, std::size_t first,
                                   std::size_t end) {
    const std::size_t width = end - first;
    std::size_t rows = 0;
    for (const FedRows& piece : pieces) rows += piece.rows();
    std::vector<float> scores(rows * width);
    each_piece(pieces, [&](FedRows& piece, std::size_t row) {
      piece.scores(first, end, std::span(scores).subspan(row * width, piece.rows() * width));
    });
    std::vector<std::uint8_t> zero(scores.size());
    mark_smallest(scores, zeros_of(sparsity_.ratio, scores.size()), zero);
    return zero;
  }

  void each_piece(std::vector<FedRows>& pieces,
                  const std::function<void(FedRows& piece, std::size_t row)>& body) {
    pool_.parallel_for(pieces.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) body(pieces[i], i * kRowsOfPiece);
    });
  }

  const kernels::Kernels& kernels_;
  ThreadPool& pool_;
  DType type_;
  const Sparsity& sparsity_;
  const ErrorFeedback& feedback_;
  BlockWeights weights_;
  std::size_t width_;
};

// Loss of stored rows against the matrix as it was, summed in the order of rows.
double loss_of_all(const kernels::Kernels& kernels, ThreadPool& pool, const Rows& rows,
                   const ErrorFeedback& feedback, std::span<const std::byte> stored) {
  const std::size_t bytes = row_bytes(rows.type, feedback.cols).value();
  std::vector<double> losses((rows.count + kRowsOfPiece - 1) / kRowsOfPiece);
  pool.parallel_for(losses.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t piece = begin; piece < end; ++piece) {
      const std::size_t first = piece * kRowsOfPiece;
      Numbers some{.rows = std::min(kRowsOfPiece, rows.count - first), .cols = feedback.cols};
      some.values.resize(some.rows * some.cols);
      for (std::size_t r = 0; r < some.rows; ++r) rows.read(first + r, some.row(r));
      const MatrixView<const float> was{some.values.data(), some.rows, some.cols, some.cols};
      losses[piece] = loss_of(kernels, rows.type, feedback, was, stored.data() + (first * bytes));
    }
  });
  double total = 0.0;
  for (const double loss : losses) total += loss;
  return total;
}

}  // namespace

PrunedMatrix prune(const kernels::Kernels& kernels, ThreadPool& pool, const Rows& rows,
                   std::size_t cols, const Pruning& pruning) {
  FRUGAL_CHECK(holds_zero(rows.type));
  FRUGAL_CHECK(pruning.weights.empty() || pruning.weights.size() == cols);
  Numbers numbers = read_all(pool, rows, cols);
  set_smallest_to_zero(pool, pruning, numbers);
  PrunedMatrix result;
  result.stored = round_all(kernels, pool, rows.type, pruning.weights, numbers);
  result.zeros = count_zeros(rows.type, cols, result.stored);
  if (rows.done) rows.done(rows.count);
  return result;
}

PrunedMatrix prune_fed_back(const kernels::Kernels& kernels, ThreadPool& pool, const Rows& rows,
                            const Sparsity& sparsity, const ErrorFeedback& feedback) {
  FRUGAL_CHECK(sparsity.below == 0.0F && holds_zero(rows.type));
  PrunedMatrix result =
      prune(kernels, pool, {.type = rows.type, .count = rows.count, .read = rows.read},
            feedback.cols, {.sparsity = sparsity, .weights = feedback.weights});
  Numbers numbers = read_all(pool, rows, feedback.cols);
  std::vector<std::byte> swept =
      Sweep(kernels, pool, rows.type, sparsity, feedback).run(numbers, rows.done);
  numbers = {};
  result.loss_plain = loss_of_all(kernels, pool, rows, feedback, result.stored);
  result.loss_fed_back = loss_of_all(kernels, pool, rows, feedback, swept);
  result.fed_back = *result.loss_fed_back < *result.loss_plain;
  if (result.fed_back) {
    result.stored = std::move(swept);
    result.zeros = count_zeros(rows.type, feedback.cols, result.stored);
  }
  return result;
}

std::uint64_t bytes_to_prune(std::size_t rows, std::size_t cols, DType type) {
  const std::uint64_t numbers = static_cast<std::uint64_t>(rows) * cols;
  return (13 * numbers) + (2 * rows * row_bytes(type, cols).value());
}

}  // namespace frugal::compress
