#pragma once

/// A non-negative fit that says how sure it is: bootstrap intervals and hold-out error.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "frugal/base/nnls.h"

namespace frugal {

/// One unknown of a fit.
struct Coefficient {
  double value = 0.0;
  double std = 0.0;     ///< over the bootstrap
  double low95 = 0.0;   ///< 2.5 % quantile of the bootstrap
  double high95 = 0.0;  ///< 97.5 % quantile
};

/// How far predictions were from what they did not see: |predicted − true| / true.
struct HoldOut {
  std::size_t count = 0;
  double median = 0.0;
  double p90 = 0.0;
  double within_factor_two = 0.0;  ///< share of 0.5 <= predicted / true <= 2
};

struct FitOptions {
  std::size_t replicates = 500;
  std::uint64_t seed = 1;
  /// Errors count relative to b: rows are divided by it.  Then all of b must be above 0.
  bool relative = true;
};

/// What kind of row each row is: rows of one group repeat each other, or share a cause.
using Groups = std::span<const std::size_t>;

/// x >= 0 of least squared error.
[[nodiscard]] std::vector<double> fit_values(const LinearSystem& system, bool relative);

/// The fit and, from fits of as many rows drawn again from each group, its doubt.
///
/// Errors: kInvalidArgument where errors are relative and some b is not above 0; a group for each
///         row is expected, anything else is a bug.
/// Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, §9.5 (pairs), within
/// groups.
[[nodiscard]] std::vector<Coefficient> fit_with_intervals(const LinearSystem& system, Groups groups,
                                                          const FitOptions& options);

/// The prediction of each row from a fit to the rows of all other groups.
[[nodiscard]] std::vector<double> leave_group_out(const LinearSystem& system, Groups groups,
                                                  bool relative);

/// Errors: spans of different lengths are a bug, rows whose truth is not above 0 are left out.
[[nodiscard]] HoldOut hold_out(std::span<const double> predicted, std::span<const double> truth);

}  // namespace frugal
