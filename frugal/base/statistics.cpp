#include "frugal/base/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "frugal/base/error.h"

namespace frugal {

Summary summarise(std::span<const double> samples) {
  Summary s;
  s.count = samples.size();
  if (samples.empty()) return s;
  double sum = 0.0;
  for (const double x : samples) sum += x;
  s.mean = sum / static_cast<double>(s.count);
  if (s.count < 2) return s;
  double squares = 0.0;
  for (const double x : samples) squares += (x - s.mean) * (x - s.mean);
  s.std_dev = std::sqrt(squares / static_cast<double>(s.count - 1));
  s.std_err = s.std_dev / std::sqrt(static_cast<double>(s.count));
  return s;
}

double Summary::half_width95() const {
  if (count < 2) return std::numeric_limits<double>::infinity();
  return student_t_quantile(0.975, static_cast<double>(count - 1)) * std_err;
}

double Summary::upper95() const {
  if (count < 2) return std::numeric_limits<double>::infinity();
  return mean + (student_t_quantile(0.95, static_cast<double>(count - 1)) * std_err);
}

namespace {

// Continued fraction of the incomplete beta function, by Lentz's method.
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  double c = 1.0;
  double d = 1.0 - ((a + b) * x / (a + 1.0));
  d = 1.0 / (std::abs(d) < kTiny ? kTiny : d);
  double h = d;
  const auto step = [&](double term) {
    d = 1.0 + (term * d);
    c = 1.0 + (term / c);
    d = 1.0 / (std::abs(d) < kTiny ? kTiny : d);
    c = std::abs(c) < kTiny ? kTiny : c;
    h *= d * c;
  };
  for (int m = 1; m < 500; ++m) {
    const double before = h;
    step(m * (b - m) * x / ((a + (2.0 * m) - 1.0) * (a + (2.0 * m))));
    step(-(a + m) * (a + b + m) * x / ((a + (2.0 * m)) * (a + (2.0 * m) + 1.0)));
    if (std::abs(h - before) < 1e-15 * std::abs(h)) break;
  }
  return h;
}

// Regularised incomplete beta function I_x(a, b).  Takes y = 1 - x as well: the smaller of the two
// would lose its digits if it were computed from the larger.
double incomplete_beta(double a, double b, double x, double y) {
  if (x <= 0.0) return 0.0;
  if (y <= 0.0) return 1.0;
  const double log_x = x > 0.5 ? std::log1p(-y) : std::log(x);
  const double log_y = y > 0.5 ? std::log1p(-x) : std::log(y);
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + (a * log_x) + (b * log_y));
  if (x < (a + 1.0) / (a + b + 2.0)) return front * beta_fraction(a, b, x) / a;
  return 1.0 - (front * beta_fraction(b, a, y) / b);
}

}  // namespace

double student_t_quantile(double p, double degrees) {
  FRUGAL_CHECK(p > 0.5 && p < 1.0);
  FRUGAL_CHECK(degrees > 0.0);
  // The upper tail P(T > t): compared with 1 - p, it keeps its digits when p is close to 1.
  const auto tail = [degrees](double t) {
    const double sum = degrees + (t * t);
    return 0.5 * incomplete_beta(degrees / 2.0, 0.5, degrees / sum, t * t / sum);
  };
  double low = 0.0;
  double high = 1.0;
  while (tail(high) > 1.0 - p && high < 1e12) high *= 2.0;
  for (int i = 0; i < 200 && high - low > 1e-12 * high; ++i) {
    const double middle = 0.5 * (low + high);
    (tail(middle) > 1.0 - p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double quantile(std::span<const double> samples, double p) {
  FRUGAL_CHECK(!samples.empty());
  FRUGAL_CHECK(p >= 0.0 && p <= 1.0);
  for (const double x : samples) {
    if (std::isnan(x)) return x;  // it has no place in an order
  }
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const double share = at - static_cast<double>(below);
  if (share == 0.0) return sorted[below];
  return sorted[below] + (share * (sorted[below + 1] - sorted[below]));
}

Proportion wilson95(std::size_t successes, std::size_t trials) {
  FRUGAL_CHECK(successes <= trials);
  if (trials == 0) return {};
  constexpr double kZ = 1.959963984540054;
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(successes) / n;
  const double scale = 1.0 + (kZ * kZ / n);
  const double centre = (share + (kZ * kZ / (2.0 * n))) / scale;
  const double half =
      kZ * std::sqrt((share * (1.0 - share) / n) + (kZ * kZ / (4.0 * n * n))) / scale;
  return {
      .value = share, .low = std::max(0.0, centre - half), .high = std::min(1.0, centre + half)};
}

namespace {

double sum_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

struct RatioParts {
  double ratio = 0.0;
  std::vector<double> residuals;  // (y - R x) / sum of x
};

RatioParts ratio_parts(const Sums& sums) {
  FRUGAL_CHECK(sums.y.size() == sums.x.size());
  const double below = sum_of(sums.x);
  FRUGAL_CHECK(below != 0.0);
  RatioParts parts{.ratio = sum_of(sums.y) / below, .residuals = {}};
  for (std::size_t i = 0; i < sums.x.size(); ++i) {
    parts.residuals.push_back((sums.y[i] - (parts.ratio * sums.x[i])) / below);
  }
  return parts;
}

// Of a sum whose terms are these residuals.
Summary summary_of(double value, std::span<const double> residuals) {
  Summary s{.count = residuals.size(), .mean = value};
  if (s.count < 2) return s;
  double squares = 0.0;
  for (const double e : residuals) squares += e * e;
  const auto n = static_cast<double>(s.count);
  s.std_err = std::sqrt(n / (n - 1.0) * squares);
  s.std_dev = s.std_err * std::sqrt(n);
  return s;
}

}  // namespace

Summary summarise_ratio(std::span<const double> y, std::span<const double> x) {
  const RatioParts parts = ratio_parts({y, x});
  return summary_of(parts.ratio, parts.residuals);
}

Summary summarise_log_ratio(const Sums& one, const Sums& other) {
  FRUGAL_CHECK(one.x.size() == other.x.size());
  const RatioParts first = ratio_parts(one);
  const RatioParts second = ratio_parts(other);
  FRUGAL_CHECK(first.ratio > 0.0 && second.ratio > 0.0);
  std::vector<double> residuals;
  for (std::size_t i = 0; i < first.residuals.size(); ++i) {
    residuals.push_back((first.residuals[i] / first.ratio) - (second.residuals[i] / second.ratio));
  }
  return summary_of(std::log(first.ratio / second.ratio), residuals);
}

PairedDifference paired_difference(std::size_t first_only, std::size_t second_only,
                                   std::size_t trials) {
  FRUGAL_CHECK(first_only + second_only <= trials);
  if (trials == 0) return {};
  const auto n = static_cast<double>(trials);
  const auto first = static_cast<double>(first_only);
  const auto second = static_cast<double>(second_only);
  const double p10 = (first + 0.5) / (n + 2.0);
  const double p01 = (second + 0.5) / (n + 2.0);
  const double d = p10 - p01;
  constexpr double kNormal95 = 1.6448536269514722;
  return {.value = (first - second) / n,
          .upper95 = d + (kNormal95 * std::sqrt((p10 + p01 - (d * d)) / (n + 2.0)))};
}

}  // namespace frugal
