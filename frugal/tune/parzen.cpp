#include "frugal/tune/parzen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace frugal::tune {
namespace {

double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

// Between the ends a and b of a standard normal distribution; by bisection, which needs no tables
// and is as good as the distribution function.
double cut_normal(double a, double b, double share) {
  const double wanted = normal_cdf(a) + (share * (normal_cdf(b) - normal_cdf(a)));
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (a + b);
    (normal_cdf(middle) < wanted ? a : b) = middle;
  }
  return 0.5 * (a + b);
}

}  // namespace

ParzenEstimator::ParzenEstimator(const Parameter& parameter, const std::vector<double>& values,
                                 std::vector<double> weights, double prior_weight)
    : parameter_(parameter), prior_weight_(prior_weight) {
  weights.push_back(prior_weight);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double mean = is_category() ? values[i] : parameter.to_line(values[i]);
    kernels_.push_back({.weight = weights[i] / sum, .mean = mean, .sigma = 0.0, .mass = 1.0});
  }
  const double middle = 0.5 * (parameter.line_low() + parameter.line_high());
  kernels_.push_back({.weight = weights.back() / sum,
                      .mean = is_category() ? -1.0 : middle,
                      .sigma = 0.0,
                      .mass = 1.0});
  if (!is_category()) add_widths();
}

void ParzenEstimator::add_widths() {
  const double low = parameter_.line_low();
  const double high = parameter_.line_high();
  const double width = std::max(high - low, std::numeric_limits<double>::min());
  std::vector<std::size_t> order(kernels_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return kernels_[a].mean < kernels_[b].mean;
  });
  const double least = width / std::min(100.0, 1.0 + static_cast<double>(kernels_.size()));
  for (std::size_t place = 0; place < order.size(); ++place) {
    Kernel& kernel = kernels_[order[place]];
    double gap = 0.0;
    if (place > 0) gap = kernel.mean - kernels_[order[place - 1]].mean;
    if (place + 1 < order.size())
      gap = std::max(gap, kernels_[order[place + 1]].mean - kernel.mean);
    kernel.sigma = std::clamp(gap, least, width);
  }
  kernels_.back().sigma = width;
  for (Kernel& kernel : kernels_) {
    kernel.mass = normal_cdf((high - kernel.mean) / kernel.sigma) -
                  normal_cdf((low - kernel.mean) / kernel.sigma);
  }
}

double ParzenEstimator::choice_share(const Kernel& kernel, double choice) const {
  const double base = prior_weight_ / static_cast<double>(kernels_.size());
  const auto choices = static_cast<double>(parameter_.choices.size());
  const bool prior = kernel.mean < 0.0;
  const double total = (prior ? 0.0 : 1.0) + (base * choices);
  return ((kernel.mean == choice ? 1.0 : 0.0) + base) / total;
}

double ParzenEstimator::kernel_density(const Kernel& kernel, double value) const {
  if (is_category()) return choice_share(kernel, value);
  const double place = parameter_.to_line(value);
  if (parameter_.kind == ParameterKind::kInteger) {
    return (normal_cdf((place + 0.5 - kernel.mean) / kernel.sigma) -
            normal_cdf((place - 0.5 - kernel.mean) / kernel.sigma)) /
           kernel.mass;
  }
  const double z = (place - kernel.mean) / kernel.sigma;
  return std::exp(-0.5 * z * z) / (std::sqrt(2.0 * std::numbers::pi) * kernel.sigma * kernel.mass);
}

double ParzenEstimator::log_density(double value) const {
  double density = 0.0;
  for (const Kernel& kernel : kernels_) density += kernel.weight * kernel_density(kernel, value);
  return std::log(std::max(density, std::numeric_limits<double>::min()));
}

double ParzenEstimator::sample(Random& random) const {
  double left = random.uniform();
  std::size_t chosen = 0;
  while (chosen + 1 < kernels_.size() && left >= kernels_[chosen].weight) {
    left -= kernels_[chosen++].weight;
  }
  const Kernel& kernel = kernels_[chosen];
  double share = random.uniform();
  if (!is_category()) {
    const double z = cut_normal((parameter_.line_low() - kernel.mean) / kernel.sigma,
                                (parameter_.line_high() - kernel.mean) / kernel.sigma, share);
    return parameter_.from_line(kernel.mean + (z * kernel.sigma));
  }
  double choice = 0.0;
  while (choice < parameter_.high && share >= choice_share(kernel, choice)) {
    share -= choice_share(kernel, choice);
    choice += 1.0;
  }
  return choice;
}

}  // namespace frugal::tune
