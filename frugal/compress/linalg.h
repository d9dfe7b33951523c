#pragma once

/// Square matrices of doubles: factors and inverses of sums of x xᵀ.

#include <cstddef>
#include <optional>
#include <vector>

#include "frugal/base/thread_pool.h"

namespace frugal::compress {

/// Rows lie one after the other, each padded with zeros to a multiple of eight numbers.
class SquareMatrix {
 public:
  SquareMatrix() = default;
  explicit SquareMatrix(std::size_t size)
      : size_(size), stride_((size + 7) / 8 * 8), values_(size * stride_) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] double* row(std::size_t r) { return values_.data() + (r * stride_); }
  [[nodiscard]] const double* row(std::size_t r) const { return values_.data() + (r * stride_); }

  /// Bytes of a matrix of that size.
  [[nodiscard]] static std::size_t bytes_of(std::size_t size) {
    return size * ((size + 7) / 8 * 8) * sizeof(double);
  }

 private:
  std::size_t size_ = 0;
  std::size_t stride_ = 0;
  std::vector<double> values_;
};

/// Replaces A by L with A = L Lᵀ, L lower triangular with a positive diagonal.
///
/// Shapes:  only the lower triangle of A is read; the upper one is 0 afterwards.
/// Numbers: float64; the same bits for any number of threads.
/// Errors:  the column at which a pivot is not a number above 0: A is not positive definite, and
///          what is left in it means nothing.
/// Source:  Golub and Van Loan, Matrix Computations, 4th ed., section 4.2.
[[nodiscard]] std::optional<std::size_t> cholesky(SquareMatrix& a, ThreadPool& pool);

/// Replaces the lower triangular L, whose diagonal has no 0, by its inverse.
///
/// Numbers, threads: as cholesky.
void invert_lower(SquareMatrix& l, ThreadPool& pool);

}  // namespace frugal::compress
