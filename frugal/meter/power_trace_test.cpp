#include "frugal/meter/power_trace.h"

#include <gtest/gtest.h>

#include <cmath>

namespace frugal::meter {
namespace {

constexpr std::uint64_t kWatt = 1'000'000;

PowerTrace trace() {
  return PowerTrace(Seconds(10.0));
}

TEST(PowerTrace, IntegratesConstantPowerExactly) {
  PowerTrace power = trace();
  power.begin(Seconds(0.0), 7 * kWatt);
  for (int i = 1; i <= 100; ++i) power.add(Seconds(i), 7 * kWatt);
  const CounterSummary sum = power.summary(Seconds(100.0));
  EXPECT_EQ(sum.energy_uj, 700 * kWatt);
  EXPECT_EQ(sum.covered, Seconds(100.0));
  EXPECT_EQ(sum.shape_variance_j2, 0.0);
}

TEST(PowerTrace, DrawsALineBetweenSamplesAndIsUnsureOfIt) {
  PowerTrace power = trace();
  power.begin(Seconds(0.0), 0);
  power.add(Seconds(2.0), 12 * kWatt);
  const CounterSummary sum = power.summary(Seconds(2.0));
  EXPECT_EQ(sum.energy_uj, 12 * kWatt);
  EXPECT_NEAR(std::sqrt(sum.shape_variance_j2), 24.0 / std::sqrt(12.0), 1e-9);  // uniform in 0…24 J
}

TEST(PowerTrace, BridgesAFailedReadAndSaysHowMuch) {
  PowerTrace power = trace();
  power.begin(Seconds(0.0), 5 * kWatt);
  power.add(Seconds(1.0), 5 * kWatt);
  power.add(Seconds(2.0), std::nullopt);
  EXPECT_EQ(power.summary(Seconds(2.0)).energy_uj, 5 * kWatt);
  EXPECT_EQ(power.summary(Seconds(2.0)).lost, Seconds(1.0));
  power.add(Seconds(3.0), 5 * kWatt);
  const CounterSummary sum = power.summary(Seconds(3.0));
  EXPECT_EQ(sum.energy_uj, 15 * kWatt);
  EXPECT_EQ(sum.bridged_uj, 10 * kWatt);
  EXPECT_EQ(sum.lost, Seconds(0.0));
  EXPECT_EQ(sum.failures, 1U);
}

TEST(PowerTrace, DrawsNoLineAcrossALongGap) {
  PowerTrace power = trace();
  power.begin(Seconds(0.0), 5 * kWatt);
  power.add(Seconds(11.0), 5 * kWatt);
  power.add(Seconds(12.0), 5 * kWatt);
  const CounterSummary sum = power.summary(Seconds(12.0));
  EXPECT_EQ(sum.energy_uj, 5 * kWatt);
  EXPECT_EQ(sum.lost, Seconds(11.0));
  EXPECT_EQ(sum.late, 1U);
}

TEST(PowerTrace, KnowsNothingBeforeTheFirstValue) {
  PowerTrace power = trace();
  power.begin(Seconds(0.0), std::nullopt);
  power.add(Seconds(2.0), 3 * kWatt);
  power.add(Seconds(3.0), 3 * kWatt);
  const CounterSummary sum = power.summary(Seconds(4.0));
  EXPECT_EQ(sum.energy_uj, 3 * kWatt);
  EXPECT_EQ(sum.covered, Seconds(1.0));
  EXPECT_EQ(sum.lost, Seconds(3.0));
}

TEST(PowerTrace, TreatsAClockThatStepsBackAsOneThatStandsStill) {
  PowerTrace power = trace();
  power.begin(Seconds(5.0), 4 * kWatt);
  power.add(Seconds(3.0), 4 * kWatt);
  power.add(Seconds(6.0), 4 * kWatt);
  EXPECT_EQ(power.summary(Seconds(6.0)).energy_uj, 4 * kWatt);
}

TEST(PowerTrace, LosesNothingToRoundingOverADay) {
  PowerTrace power = trace();
  power.begin(Seconds(0.0), 1);
  for (int i = 1; i <= 864'000; ++i) power.add(Seconds(0.1 * i), 1);  // 0.1 µJ a step
  EXPECT_NEAR(static_cast<double>(power.summary(Seconds(86'400.0)).energy_uj), 86'400.0, 1.0);
}

}  // namespace
}  // namespace frugal::meter
