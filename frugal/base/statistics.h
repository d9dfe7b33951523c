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

/// R = Σ y / Σ x over rounds, and log(R of one) − log(R of the other) over the rounds of both: what
/// is left of each round when the ratio is taken out gives the standard error.
///
/// Formula: std_err = sqrt(n / (n − 1) · Σ e²) with e = (y − R x) / Σ x; for the logarithm of two
///          ratios e = e₁ / R₁ − e₀ / R₀.
/// Errors:  spans of different lengths or a sum of x of 0 is a bug; for logarithms also a sum of y
///          of 0.
/// Source:  Cochran 1977, Sampling Techniques, §6.3 and §6.19.
[[nodiscard]] Summary summarise_ratio(std::span<const double> y, std::span<const double> x);
struct Sums {
  std::span<const double> y;
  std::span<const double> x;
};
[[nodiscard]] Summary summarise_log_ratio(const Sums& one, const Sums& other);

/// Difference of two proportions in the same trials, first less second, and its one-sided upper
/// 95 % bound.
///
/// Formula: with half a trial added to each of the four cells, d = p₁₀ − p₀₁ and
///          upper = d + 1.645 sqrt((p₁₀ + p₀₁ − d²) / (n + 2)); `value` is without the additions.
/// Source:  Agresti and Min 2005, Statistics in Medicine 24, 729.
struct PairedDifference {
  double value = 0.0;
  double upper95 = 1.0;
};
/// `first_only`, `second_only`: trials in which just that one succeeded, of `trials`.
/// Errors: more successes than trials is a bug; without trials nothing is known.
[[nodiscard]] PairedDifference paired_difference(std::size_t first_only, std::size_t second_only,
                                                 std::size_t trials);

/// Wilson score interval of a proportion at two-sided 95 %; without trials it is [0, 1].
struct Proportion {
  double value = 0.0;
  double low = 0.0;
  double high = 1.0;
};
[[nodiscard]] Proportion wilson95(std::size_t successes, std::size_t trials);

}  // namespace frugal
