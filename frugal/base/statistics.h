#pragma once

/// Means with intervals: how every repeated figure in the house is summarised.

#include <cstddef>
#include <span>

namespace frugal {

/// Sample mean, sample standard deviation (n - 1) and the standard error of the mean.
struct Summary {
  std::size_t count = 0;
  double mean = 0.0;
  double std_dev = 0.0;  ///< 0 when count < 2: then nothing is known of the spread
  double std_err = 0.0;  ///< std_dev / sqrt(count)

  /// Half-width of the two-sided 95 % interval of the mean, t · std_err; infinite below 2 samples.
  [[nodiscard]] double half_width95() const;
  /// Upper end of the one-sided 95 % interval of the mean; infinite below 2 samples.
  [[nodiscard]] double upper95() const;
};

/// Errors: none; an empty span gives count 0.
[[nodiscard]] Summary summarise(std::span<const double> samples);

/// Quantile of Student's t distribution with `degrees` degrees of freedom: P(T <= t) = p.
/// Numbers: 0.5 < p < 1, relative error below 1e-6.  Source: inverted by bisection over the
///          regularised incomplete beta function (Numerical Recipes, 3rd ed., §6.4 and §6.14).
[[nodiscard]] double student_t_quantile(double p, double degrees);

/// Linear interpolation between order statistics (R type 7) of unsorted samples.
/// Errors: an empty span or p outside [0, 1] is a bug; a NaN among the samples gives NaN.
[[nodiscard]] double quantile(std::span<const double> samples, double p);

/// Wilson score interval of a proportion at two-sided 95 %; without trials it is [0, 1].
struct Proportion {
  double value = 0.0;
  double low = 0.0;
  double high = 1.0;
};
[[nodiscard]] Proportion wilson95(std::size_t successes, std::size_t trials);

}  // namespace frugal
