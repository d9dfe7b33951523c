#include "frugal/meter/fake.h"

#include <gtest/gtest.h>

#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

Reading answer(double energy_j) {
  Reading reading;
  reading.domain = "scripted";
  reading.quality = Quality::kMeasured;
  reading.energy = Joules(energy_j);
  return reading;
}

TEST(FakeMeter, DrawsAConstantPowerOverItsClock) {
  FakeClock clock;
  FakeMeter meter(Watts(25.0), clock.function());
  meter.start();
  clock.advance(4.0);
  const Reading reading = meter.stop().front();
  EXPECT_DOUBLE_EQ(reading.energy.value(), 100.0);
  EXPECT_DOUBLE_EQ(reading.time.value(), 4.0);
  EXPECT_EQ(reading.quality, Quality::kMeasured);
}

TEST(FakeMeter, GivesItsAnswersInOrderAndRepeatsTheLast) {
  FakeMeter meter({{answer(1.0)}, {answer(2.0), answer(3.0)}});
  const auto next = [&meter] {
    meter.start();
    return meter.stop();
  };
  EXPECT_EQ(next().front().energy, Joules(1.0));
  EXPECT_EQ(next().size(), 2U);
  EXPECT_EQ(next().back().energy, Joules(3.0));
}

TEST(FakeMeter, CountsItsCalls) {
  FakeMeter meter(Watts(1.0));
  EXPECT_FALSE(meter.max_sample_period());
  meter.set_max_sample_period(Seconds(3.0));
  EXPECT_EQ(meter.max_sample_period(), Seconds(3.0));
  meter.start();
  meter.sample();
  meter.sample();
  (void)meter.stop();
  EXPECT_EQ(meter.starts(), 1U);
  EXPECT_EQ(meter.samples(), 2U);
  EXPECT_EQ(meter.stops(), 1U);
}

TEST(FakeMeterDeathTest, RefusesToStopBeforeItStarted) {
  FakeMeter meter(Watts(1.0));
  EXPECT_DEATH((void)meter.stop(), "running");
}

}  // namespace
}  // namespace frugal::meter
