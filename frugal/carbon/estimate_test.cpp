#include "frugal/carbon/estimate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "frugal/base/random.h"

namespace frugal::carbon {
namespace {

using meter::Quality;

Estimate<Joules> joules(double value, double own, double shared = 0.0,
                        Quality quality = Quality::kMeasured) {
  return {.value = Joules(value), .own = Joules(own), .shared = Joules(shared), .quality = quality};
}

TEST(Estimate, AFactorMovesBothDoubtsAndAddsItsOwn) {
  const auto grams = scaled<Grams>(joules(3.6e6, 0.36e6), {.value = 400.0, .std = 30.0}, 3.6e6);
  EXPECT_DOUBLE_EQ(grams.value.value(), 400.0);
  EXPECT_DOUBLE_EQ(grams.own.value(), 40.0);
  EXPECT_DOUBLE_EQ(grams.shared.value(), 30.0);
  EXPECT_DOUBLE_EQ(grams.std().value(), 50.0);
}

TEST(Estimate, WhatAFactorMadeIsDerivedAtBest) {
  const Factor f{.value = 2.0, .std = 0.0};
  EXPECT_EQ(scaled<Grams>(joules(1.0, 0.0), f).quality, Quality::kDerived);
  EXPECT_EQ(scaled<Grams>(joules(1.0, 0.0, 0.0, Quality::kModelled), f).quality,
            Quality::kModelled);
  EXPECT_FALSE(scaled<Grams>(Estimate<Joules>{}, f).known());
}

TEST(Estimate, AReadingThatFailedIsUnknownAndNotZero) {
  meter::Reading reading;
  EXPECT_FALSE(estimate_of(reading).known());
  reading.quality = Quality::kMeasured;
  reading.energy = Joules(5.0);
  reading.uncertainty = Joules(0.5);
  EXPECT_DOUBLE_EQ(estimate_of(reading).own.value(), 0.5);
}

TEST(Estimate, OwnDoubtsAddInQuadratureAndSharedOnesLinearly) {
  const std::vector<Estimate<Joules>> parts = {joules(10.0, 3.0, 2.0),
                                               joules(20.0, 4.0, 5.0, Quality::kModelled)};
  const auto total = sum<Joules>(parts);
  EXPECT_DOUBLE_EQ(total.value.value(), 30.0);
  EXPECT_DOUBLE_EQ(total.own.value(), 5.0);
  EXPECT_DOUBLE_EQ(total.shared.value(), 7.0);
  EXPECT_EQ(total.quality, Quality::kModelled);
}

TEST(Estimate, ASumWithAnUnknownPartIsUnknown) {
  const std::vector<Estimate<Joules>> parts = {joules(10.0, 3.0), Estimate<Joules>{}};
  EXPECT_FALSE(sum<Joules>(parts).known());
  EXPECT_FALSE(sum_independent(parts[0], parts[1]).known());
  EXPECT_TRUE(sum<Joules>(std::span<const Estimate<Joules>>{}).known());
}

TEST(Estimate, SplittingARunDoesNotMakeItsFactorBetterKnown) {
  const Factor f{.value = 380.0, .std = 60.0};
  const auto whole = scaled<Grams>(joules(8.0, 0.0), f, kJoulesPerKwh);
  const std::vector<Estimate<Grams>> halves(4, scaled<Grams>(joules(2.0, 0.0), f, kJoulesPerKwh));
  EXPECT_DOUBLE_EQ(sum<Grams>(halves).std().value(), whole.std().value());
}

// The first-order formula against drawing the errors many times.
TEST(Estimate, AgreesWithASimulation) {
  const Factor f{.value = 400.0, .std = 40.0};
  const std::vector<Estimate<Joules>> parts = {joules(3.0, 0.3), joules(5.0, 0.2)};
  std::vector<Estimate<Grams>> grams;
  for (const auto& part : parts) grams.push_back(scaled<Grams>(part, f));
  const auto total = sum<Grams>(grams);
  Random random(7);
  constexpr int kDraws = 20'000;
  double sum_squares = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double factor = f.value + f.std * random.normal();
    double drawn = 0.0;
    for (const auto& part : parts) {
      drawn += (part.value.value() + part.own.value() * random.normal()) * factor;
    }
    sum_squares += (drawn - total.value.value()) * (drawn - total.value.value());
  }
  EXPECT_NEAR(std::sqrt(sum_squares / kDraws), total.std().value(), 0.03 * total.std().value());
}

}  // namespace
}  // namespace frugal::carbon
