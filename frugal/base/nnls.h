#pragma once

/// Least squares whose unknowns cannot be negative, as energies per operation cannot.

#include <cstddef>
#include <span>
#include <vector>

namespace frugal {

/// a · x ≈ b, row by row.
struct LinearSystem {
  std::size_t columns = 0;
  std::vector<double> a = {};  ///< [rows, columns]
  std::vector<double> b = {};  ///< [rows]

  [[nodiscard]] std::size_t rows() const { return b.size(); }
  [[nodiscard]] std::span<const double> row(std::size_t i) const {
    return std::span(a).subspan(i * columns, columns);
  }
  /// Errors: a row of another length than `columns` is a bug.
  void add(std::span<const double> row, double right);
  /// Σ a[i][j] · x[j].
  [[nodiscard]] double predict(std::size_t i, std::span<const double> x) const;
};

/// The x >= 0 that makes Σ (a · x − b)² least.
///
/// Shapes:  x: [columns].
/// Numbers: columns are brought to one length first, so that joules per second and per byte may
///          stand side by side; a column that is, to 1e-10 of its length, a mixture of others that
///          are in use stays at 0, and so does one of zeros: of many equally good solutions this
///          is one.
/// Errors:  kInvalidArgument for numbers that are not finite; sizes that do not fit are a bug.
/// Threads: any.
/// Source:  Lawson and Hanson 1974, Solving Least Squares Problems, ch. 23, algorithm NNLS.
[[nodiscard]] std::vector<double> non_negative_least_squares(const LinearSystem& system);

}  // namespace frugal
