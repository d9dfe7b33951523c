#include "frugal/tune/parzen.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace frugal::tune {
namespace {

TEST(Parzen, DensitiesAddUpToOne) {
  const Parameter number = {"x", ParameterKind::kFloat, -2.0, 3.0, {}};
  const ParzenEstimator flat(number, {-1.9, 0.5, 0.6}, {1.0, 2.0, 1.0}, 1.0);
  double sum = 0.0;
  for (int i = 0; i < 10'000; ++i)
    sum += std::exp(flat.log_density(-2.0 + (5e-4 * (i + 0.5)))) * 5e-4;
  EXPECT_NEAR(sum, 1.0, 1e-6);

  const Parameter integer = {"n", ParameterKind::kInteger, 1.0, 9.0, {}};
  const ParzenEstimator whole(integer, {2.0, 2.0, 9.0}, {1.0, 1.0, 1.0}, 1.0);
  sum = 0.0;
  for (int n = 1; n <= 9; ++n) sum += std::exp(whole.log_density(n));
  EXPECT_NEAR(sum, 1.0, 1e-9);

  const Parameter category = {"c", ParameterKind::kCategory, 0.0, 3.0, {"a", "b", "c", "d"}};
  const ParzenEstimator named(category, {1.0, 1.0, 3.0}, {1.0, 1.0, 0.5}, 1.0);
  sum = 0.0;
  for (int c = 0; c < 4; ++c) sum += std::exp(named.log_density(c));
  EXPECT_NEAR(sum, 1.0, 1e-12);
  EXPECT_GT(named.log_density(1.0), named.log_density(3.0));
  EXPECT_GT(named.log_density(3.0), named.log_density(0.0));
}

TEST(Parzen, SamplesFollowTheDensity) {
  const Parameter integer = {"n", ParameterKind::kInteger, 0.0, 4.0, {}};
  const Parameter category = {"c", ParameterKind::kCategory, 0.0, 4.0, {"a", "b", "c", "d", "e"}};
  for (const Parameter& parameter : {integer, category}) {
    const ParzenEstimator estimator(parameter, {1.0, 1.0, 3.0}, {1.0, 1.0, 1.0}, 1.0);
    Random random(4);
    std::array<double, 5> hits{};
    constexpr int kDraws = 50'000;
    for (int i = 0; i < kDraws; ++i) {
      hits.at(static_cast<std::size_t>(estimator.sample(random))) += 1.0 / kDraws;
    }
    for (std::size_t n = 0; n < 5; ++n) {
      EXPECT_NEAR(hits.at(n), std::exp(estimator.log_density(static_cast<double>(n))), 0.01) << n;
    }
  }
}

TEST(Parzen, WithoutObservationsThePriorIsLeft) {
  const Parameter parameter = {"x", ParameterKind::kLogFloat, 1e-4, 1.0, {}};
  const ParzenEstimator prior(parameter, {}, {}, 1.0);
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const double value = prior.sample(random);
    EXPECT_GE(value, 1e-4);
    EXPECT_LE(value, 1.0);
  }
  EXPECT_GT(prior.log_density(1e-2), prior.log_density(1e-4));
}

TEST(Parzen, ARangeOfOneValueIsFine) {
  const Parameter parameter = {"x", ParameterKind::kFloat, 2.0, 2.0, {}};
  const ParzenEstimator estimator(parameter, {2.0, 2.0}, {1.0, 1.0}, 1.0);
  Random random(1);
  EXPECT_EQ(estimator.sample(random), 2.0);
  EXPECT_FALSE(std::isnan(estimator.log_density(2.0)));
}

}  // namespace
}  // namespace frugal::tune
