#include "frugal/carbon/estimators/cpu_curves.h"

#include <gtest/gtest.h>

namespace frugal::carbon::estimators {
namespace {

TEST(Teads, GoesThroughItsPointsInStraightLines) {
  const auto share = [](double load) { return teads_power(Watts(1.0), load).value(); };
  EXPECT_DOUBLE_EQ(share(0.0), 0.12);
  EXPECT_DOUBLE_EQ(share(0.1), 0.32);
  EXPECT_DOUBLE_EQ(share(0.5), 0.75);
  EXPECT_DOUBLE_EQ(share(1.0), 1.02);
  EXPECT_NEAR(share(0.05), 0.22, 1e-12);
  EXPECT_NEAR(share(0.3), 0.535, 1e-12);
  EXPECT_NEAR(share(0.75), 0.885, 1e-12);
}

// GSF Impact Framework: a second at 50 % of 100 W, an eighth of it, 800 g/kWh.
TEST(Teads, GivesThePipelineOfTheImpactFramework) {
  const Joules energy = teads_power(Watts(100.0), 0.5) * Seconds(1.0);
  EXPECT_DOUBLE_EQ(energy.value(), 75.0);
  EXPECT_NEAR(energy.value() / 8.0 / 3.6e6 * 800.0, 0.0020833333333333333, 1e-15);
}

// Computed apart from this code, with the published coefficients.
TEST(Boavizta, FollowsItsLogarithm) {
  EXPECT_NEAR(boavizta_power(XeonFamily::kPlatinum, 0.0).value(), 35.578776373103494, 1e-9);
  EXPECT_NEAR(boavizta_power(XeonFamily::kPlatinum, 1.0).value(), 260.02009570521255, 1e-9);
  EXPECT_NEAR(boavizta_power(XeonFamily::kGold, 0.1).value(), 55.150980673905295, 1e-9);
  EXPECT_NEAR(boavizta_power(XeonFamily::kSilver, 0.5).value(), 60.66414834291025, 1e-9);
  EXPECT_NEAR(boavizta_power(XeonFamily::kE5, 1.0).value(), 129.76936262323977, 1e-9);
  EXPECT_NEAR(boavizta_power(XeonFamily::kE3, 0.5).value(), 361.4587996043889, 1e-9);
  EXPECT_DOUBLE_EQ(boavizta_memory(100.0).value(), 28.4);
}

TEST(Boavizta, KnowsItsFamiliesByName) {
  EXPECT_EQ(xeon_family_from_name("gold"), XeonFamily::kGold);
  EXPECT_EQ(xeon_family_from_name("e3"), XeonFamily::kE3);
  EXPECT_FALSE(xeon_family_from_name("bronze"));
}

}  // namespace
}  // namespace frugal::carbon::estimators
