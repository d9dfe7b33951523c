#include "frugal/meter/counter_trace.h"

#include <gtest/gtest.h>

#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

constexpr std::uint64_t kModulus = 262'143'328'911;  // µJ
constexpr std::uint64_t kJoule = 1'000'000;

CounterLimits package_limits() {
  return {.modulus_uj = kModulus, .max_power = Watts(1500.0)};
}

TEST(CounterModulus, IsTheRangePlusOneCount) {
  EXPECT_EQ(counter_modulus(kPackageRangeUj), kModulus);
  EXPECT_EQ(counter_modulus(65'532'610'987), 65'532'611'002U);  // AMD: 15.258 µJ a count
}

TEST(CounterModulus, OfARangeBelowOneMicrojouleACountIsTheRange) {
  EXPECT_EQ(counter_modulus(105), 105U);
  EXPECT_EQ(counter_modulus(0), 0U);
}

TEST(CounterLimits, GiveWrapTimeAndCount) {
  EXPECT_NEAR(package_limits().wrap_time().value(), 174.76, 0.01);
  EXPECT_NEAR(package_limits().quantum().value(), 61.035e-6, 1e-9);
  EXPECT_NEAR(CounterLimits{}.wrap_time().value(), 43.69, 0.01);  // the smallest unit is assumed
}

TEST(CounterTrace, AddsStepsExactly) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), 1'000);
  EXPECT_EQ(trace.add(Seconds(1.0), 1'001), SampleKind::kValue);
  EXPECT_EQ(trace.add(Seconds(2.0), 50 * kJoule), SampleKind::kValue);
  const CounterSummary sum = trace.summary(Seconds(2.0));
  EXPECT_EQ(sum.energy_uj, (50 * kJoule) - 1'000);
  EXPECT_EQ(sum.covered, Seconds(2.0));
  EXPECT_EQ(sum.lost, Seconds(0.0));
}

TEST(CounterTrace, CountsThroughAWrap) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), kModulus - 7);
  EXPECT_EQ(trace.add(Seconds(1.0), 8), SampleKind::kValue);
  EXPECT_EQ(trace.summary(Seconds(1.0)).energy_uj, 15U);
}

TEST(CounterTrace, GivesFifteenForThePublishedSmallCounter) {
  // last 100, range 105, now 10: the count is far below a µJ, so the modulus is 105.
  CounterTrace trace({.modulus_uj = counter_modulus(105), .max_power = Watts(1e-5)});
  trace.begin(Seconds(0.0), 100);
  EXPECT_EQ(trace.add(Seconds(2.0), 10), SampleKind::kValue);
  EXPECT_EQ(trace.summary(Seconds(2.0)).energy_uj, 15U);
}

TEST(CounterTrace, TakesAFailedReadForNeitherZeroNorAWrap) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), 10 * kJoule);
  EXPECT_EQ(trace.add(Seconds(1.0), 20 * kJoule), SampleKind::kValue);
  EXPECT_EQ(trace.add(Seconds(2.0), std::nullopt), SampleKind::kUnavailable);
  EXPECT_EQ(trace.summary(Seconds(2.0)).energy_uj, 10 * kJoule);
  EXPECT_EQ(trace.summary(Seconds(2.0)).lost, Seconds(1.0));
  EXPECT_EQ(trace.add(Seconds(3.0), 40 * kJoule), SampleKind::kValue);
  const CounterSummary sum = trace.summary(Seconds(3.0));
  EXPECT_EQ(sum.energy_uj, 30 * kJoule);
  EXPECT_EQ(sum.bridged_uj, 20 * kJoule);
  EXPECT_EQ(sum.lost, Seconds(0.0));
  EXPECT_EQ(sum.failures, 1U);
}

TEST(CounterTrace, CountsAWrapThatHidesBehindAFailedRead) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), kModulus - (5 * kJoule));
  trace.add(Seconds(1.0), std::nullopt);
  EXPECT_EQ(trace.add(Seconds(2.0), 5 * kJoule), SampleKind::kValue);
  EXPECT_EQ(trace.summary(Seconds(2.0)).energy_uj, 10 * kJoule);
}

TEST(CounterTrace, KeepsWhatWasCountedBeforeAReset) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), 100'000 * kJoule);
  trace.add(Seconds(10.0), 101'000 * kJoule);
  EXPECT_EQ(trace.add(Seconds(11.0), 3 * kJoule), SampleKind::kReset);  // a wrap would be 161 kW
  trace.add(Seconds(12.0), 103 * kJoule);
  const CounterSummary sum = trace.summary(Seconds(12.0));
  EXPECT_EQ(sum.energy_uj, 1'100 * kJoule);
  EXPECT_EQ(sum.resets, 1U);
  EXPECT_EQ(sum.lost, Seconds(1.0));
  EXPECT_EQ(sum.covered, Seconds(11.0));
}

TEST(CounterTrace, TakesAnImpossibleJumpForwardForAReset) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), 0);
  EXPECT_EQ(trace.add(Seconds(1.0), 200'000 * kJoule), SampleKind::kReset);
  EXPECT_EQ(trace.summary(Seconds(1.0)).energy_uj, 0U);
}

TEST(CounterTrace, TakesAnyStepBackForAResetWhereTheRangeIsUnknown) {
  CounterTrace trace(CounterLimits{});
  trace.begin(Seconds(0.0), 100);
  EXPECT_EQ(trace.add(Seconds(1.0), 99), SampleKind::kReset);
}

TEST(CounterTrace, TakesAValueBeyondItsRangeForAReset) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), kModulus + kJoule);
  EXPECT_EQ(trace.add(Seconds(1.0), kJoule), SampleKind::kReset);
}

TEST(CounterTrace, DoesNotGuessTheNumberOfWrapsInALongGap) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), 0);
  EXPECT_EQ(trace.add(Seconds(200.0), 5'000 * kJoule), SampleKind::kLate);
  EXPECT_EQ(trace.add(Seconds(210.0), 6'000 * kJoule), SampleKind::kValue);
  const CounterSummary sum = trace.summary(Seconds(210.0));
  EXPECT_EQ(sum.energy_uj, 1'000 * kJoule);
  EXPECT_EQ(sum.lost, Seconds(200.0));
  EXPECT_EQ(sum.late, 1U);
}

TEST(CounterTrace, StartsAtTheFirstValueWhenTheStartCouldNotBeRead) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), std::nullopt);
  trace.add(Seconds(1.0), std::nullopt);
  trace.add(Seconds(2.0), 7 * kJoule);
  trace.add(Seconds(5.0), 9 * kJoule);
  const CounterSummary sum = trace.summary(Seconds(5.0));
  EXPECT_EQ(sum.energy_uj, 2 * kJoule);
  EXPECT_EQ(sum.lost, Seconds(2.0));
  EXPECT_EQ(sum.covered, Seconds(3.0));
  EXPECT_EQ(sum.bridged_uj, 0U);
}

TEST(CounterTrace, TreatsAClockThatStepsBackAsOneThatStandsStill) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(10.0), 0);
  EXPECT_EQ(trace.add(Seconds(5.0), kJoule), SampleKind::kValue);
  EXPECT_EQ(trace.add(Seconds(11.0), 2 * kJoule), SampleKind::kValue);
  EXPECT_EQ(trace.summary(Seconds(11.0)).covered, Seconds(1.0));
}

TEST(CounterTrace, ForgetsAnEarlierSpan) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), 0);
  trace.add(Seconds(1.0), std::nullopt);
  trace.add(Seconds(2.0), kJoule);
  trace.begin(Seconds(3.0), 5 * kJoule);
  trace.add(Seconds(4.0), 6 * kJoule);
  const CounterSummary sum = trace.summary(Seconds(4.0));
  EXPECT_EQ(sum.energy_uj, kJoule);
  EXPECT_EQ(sum.failures, 0U);
  EXPECT_EQ(sum.values, 2U);
}

TEST(CounterSummary, OfAPartThatBeginsWithAFailedReadSaysHowMuchCameBefore) {
  CounterTrace trace(package_limits());
  trace.begin(Seconds(0.0), 0);
  trace.add(Seconds(1.0), 10 * kJoule);
  trace.add(Seconds(3.0), std::nullopt);
  const CounterSummary mark = trace.summary(Seconds(3.0));
  trace.add(Seconds(4.0), 40 * kJoule);
  const CounterSummary part = between(mark, trace.summary(Seconds(4.0)));
  EXPECT_EQ(part.energy_uj, 30 * kJoule);
  EXPECT_EQ(part.covered, Seconds(3.0));
  EXPECT_EQ(part.overlap, Seconds(2.0));
  EXPECT_EQ(part.lost, Seconds(0.0));
}

}  // namespace
}  // namespace frugal::meter
