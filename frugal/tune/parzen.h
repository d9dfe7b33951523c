#pragma once

/// Densities estimated from a few observations, for TPE.

#include <cstddef>
#include <vector>

#include "frugal/tune/space.h"

namespace frugal::tune {

/// A mixture of one kernel per observation and one for the prior, on a parameter's line.
///
/// Numbers: the kernel of observation i is a normal distribution cut off at the ends of the line,
///          sigma_i = the larger gap to its neighbours (the outermost: the inner gap), clipped to
///          [width / min(100, 2 + n), width], for n observations; the prior's has mean in the
///          middle and sigma = width.  An integer has the probability of its unit of the line.
/// Numbers: for a category, kernel i gives choice c the probability
///          ([c is observed] + w / (n + 1)) / (1 + w · choices / (n + 1)), the prior all the same.
/// Errors:  none; weights as many as values is the caller's promise.
/// Threads: const; safe from all.
/// Source:  Bergstra et al. 2011, "Algorithms for hyper-parameter optimization", section 4; the
///          widths as in Optuna's univariate estimator with its magic clip.
class ParzenEstimator {
 public:
  /// `values` of the parameter, each with a weight; `prior_weight` is w.
  ParzenEstimator(const Parameter& parameter, const std::vector<double>& values,
                  std::vector<double> weights, double prior_weight);

  [[nodiscard]] double sample(Random& random) const;
  /// Logarithm of the density, or of the probability, of a value.
  [[nodiscard]] double log_density(double value) const;

 private:
  struct Kernel {
    double weight = 0.0;  ///< all together are 1
    double mean = 0.0;    ///< a category: the choice, or -1 for the prior
    double sigma = 0.0;
    double mass = 1.0;  ///< of the normal distribution between the ends
  };

  void add_widths();
  [[nodiscard]] bool is_category() const { return parameter_.kind == ParameterKind::kCategory; }
  [[nodiscard]] double kernel_density(const Kernel& kernel, double value) const;
  [[nodiscard]] double choice_share(const Kernel& kernel, double choice) const;

  const Parameter& parameter_;
  std::vector<Kernel> kernels_;  ///< the prior last
  double prior_weight_;
};

}  // namespace frugal::tune
