/// Laws of every meter, each on a fake device whose truth is known.

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "frugal/meter/meter.h"
#include "tests/laws/fake_devices.h"

namespace frugal::laws {
namespace {

using meter::Meter;
using meter::Quality;
using meter::Reading;

class MeterLaws : public testing::TestWithParam<DeviceKind> {
 protected:
  MeterLaws() : device_(GetParam().make()) { device_->draw(Watts(20.0), Seconds(50.0)); }

  [[nodiscard]] Seconds period() const { return GetParam().sample_period; }
  [[nodiscard]] Quality quality() const {
    return GetParam().counts ? Quality::kMeasured : Quality::kDerived;
  }
  void start() {
    meter_ = device_->open();
    meter_->start();
    begin_j_ = device_->drawn().value();
  }
  /// `samples` periods at one power, sampled.
  void run(double power_w, int samples) {
    for (int i = 0; i < samples; ++i) {
      device_->draw(Watts(power_w), period());
      meter_->sample();
    }
  }
  /// One period in which reads fail.
  void fail_once(double power_w) {
    device_->draw(Watts(power_w), period());
    device_->fail();
    meter_->sample();
  }
  [[nodiscard]] double drawn_j() const { return device_->drawn().value() - begin_j_; }
  [[nodiscard]] Reading stop() { return total(meter_->stop()); }
  [[nodiscard]] Reading so_far(const meter::Mark& from) const { return total(meter_->since(from)); }

  std::unique_ptr<FakeDevice> device_;
  std::unique_ptr<Meter> meter_;
  double begin_j_ = 0.0;
};

/// Those of devices that count energy, and of those whose counter wraps.
class CountingMeterLaws : public MeterLaws {};
class WrappingMeterLaws : public MeterLaws {};

bool says(const Reading& reading, std::string_view part) {
  return reading.note.find(part) != std::string::npos;
}

TEST_P(MeterLaws, PowerTimesTimeIsEnergy) {
  start();
  run(20.0, 200);
  const Reading reading = stop();
  EXPECT_EQ(reading.quality, quality()) << reading.note;
  EXPECT_NEAR(reading.energy.value(), drawn_j(), 1e-9 * device_->counter().value() + 1e-3);
  EXPECT_NEAR(reading.time.value(), 200.0 * period().value(), 1e-6);
  EXPECT_GT(reading.uncertainty, Joules(0.0));
  EXPECT_LT(reading.uncertainty.value(), 0.5 * reading.energy.value());
}

TEST_P(MeterLaws, AFailedReadIsNeitherAZeroNorAWrap) {
  start();
  run(20.0, 5);
  fail_once(20.0);
  run(20.0, 5);
  const Reading reading = stop();
  EXPECT_EQ(reading.quality, quality());
  EXPECT_NEAR(reading.energy.value(), drawn_j(), 1e-3);
  EXPECT_TRUE(says(reading, "1 of 13 samples failed")) << reading.note;
}

TEST_P(MeterLaws, FailingForGoodLosesTheTailAndThenKnowsNothing) {
  start();
  run(20.0, 20);
  const double known_j = drawn_j();
  for (int i = 0; i < 5; ++i) fail_once(20.0);
  Reading reading = stop();
  EXPECT_EQ(reading.quality, quality());
  EXPECT_NEAR(reading.energy.value(), known_j, 1e-3);
  EXPECT_GE(reading.uncertainty.value(), drawn_j() - known_j - 1e-6);
  EXPECT_TRUE(says(reading, "without known energy")) << reading.note;

  meter_->start();  // a span in which nothing can be read
  device_->step_clock(Seconds(1.0));
  reading = stop();
  EXPECT_EQ(reading.quality, Quality::kUnavailable);
  EXPECT_TRUE(says(reading, "2 of 2 samples failed")) << reading.note;
}

TEST_P(MeterLaws, VanishingLosesTheTail) {
  start();
  run(20.0, 9);
  const double known_j = drawn_j();
  device_->vanish();
  device_->step_clock(period());
  const Reading reading = stop();
  EXPECT_EQ(reading.quality, quality());
  EXPECT_NEAR(reading.energy.value(), known_j, 1e-3);
  EXPECT_TRUE(says(reading, "failed")) << reading.note;
}

TEST_P(MeterLaws, MoreThanHalfUnknownIsUnknown) {
  start();
  run(20.0, 2);
  for (int i = 0; i < 4; ++i) fail_once(20.0);
  const Reading reading = stop();
  EXPECT_EQ(reading.quality, Quality::kUnavailable);
  EXPECT_EQ(reading.energy, Joules(0.0));
  EXPECT_NE(reading.note, "");
}

TEST_P(CountingMeterLaws, AResetLosesItsStepAndNothingElse) {
  start();
  device_->set_counter(Joules(100'000.0), Watts(20.0));
  meter_->start();
  begin_j_ = device_->drawn().value();
  run(20.0, 10);
  device_->draw(Watts(20.0), period());
  const double step_j = 20.0 * period().value();
  device_->set_counter(Joules(0.0), Watts(20.0));
  meter_->sample();
  run(20.0, 10);
  const Reading reading = stop();
  EXPECT_EQ(reading.quality, Quality::kMeasured);
  EXPECT_NEAR(reading.energy.value(), drawn_j() - step_j, 1e-3);
  EXPECT_GE(reading.uncertainty.value(), 0.9 * step_j);
  EXPECT_TRUE(says(reading, "reset 1 time")) << reading.note;
}

TEST_P(CountingMeterLaws, ACounterThatGoesBackInventsNothing) {
  start();
  run(20.0, 10);
  device_->set_counter(device_->counter() - Joules(3.0), Watts(20.0));
  meter_->sample();
  run(20.0, 10);
  const Reading reading = stop();
  EXPECT_LE(reading.energy.value(), drawn_j() + 1e-6);
  EXPECT_TRUE(says(reading, "reset")) << reading.note;
}

TEST_P(WrappingMeterLaws, WrapsOfTheCounterChangeNothing) {
  start();
  device_->set_counter(*GetParam().wraps_at - Joules(50.0), Watts(20.0));
  meter_->start();
  begin_j_ = device_->drawn().value();
  run(20.0, 10);
  EXPECT_NEAR(stop().energy.value(), drawn_j(), 1e-6);
}

TEST_P(WrappingMeterLaws, AWrapAFailedSampleAndAResetInOneTrace) {
  start();
  device_->set_counter(*GetParam().wraps_at - Joules(30.0), Watts(20.0));
  meter_->start();
  begin_j_ = device_->drawn().value();
  run(20.0, 4);  // over the wrap
  fail_once(20.0);
  run(20.0, 4);
  device_->draw(Watts(20.0), period());
  device_->set_counter(Joules(0.0), Watts(20.0));
  meter_->sample();
  run(20.0, 4);
  const Reading reading = stop();
  EXPECT_NEAR(reading.energy.value(), drawn_j() - (20.0 * period().value()), 1e-6);
}

TEST_P(MeterLaws, SuspendInventsNothing) {
  start();
  run(20.0, 10);
  device_->suspend(Watts(5.0), Seconds(40'000.0));  // 200 kJ in no time
  meter_->sample();
  run(20.0, 10);
  const Reading reading = stop();
  EXPECT_LE(reading.energy.value(), drawn_j() + 1e-3);
  EXPECT_GE(reading.energy.value(), drawn_j() - (2.0 * 20.0 * period().value()));
}

TEST_P(MeterLaws, AClockThatStepsBackInventsNothing) {
  start();
  run(20.0, 10);
  device_->step_clock(Seconds(-3.0));
  meter_->sample();
  device_->step_clock(Seconds(3.0));
  run(20.0, 10);
  const Reading reading = stop();
  EXPECT_NEAR(reading.energy.value(), drawn_j(), 1e-3);
  EXPECT_NEAR(reading.time.value(), 20.0 * period().value(), 1e-9);
}

TEST_P(MeterLaws, ASpanShorterThanTheUpdatePeriodSaysSoAndIsWide) {
  start();
  device_->draw(Watts(20.0), Seconds(0.25 * GetParam().update_period.value()));
  const Reading reading = stop();
  EXPECT_TRUE(says(reading, "too short")) << reading.note;
  EXPECT_GE(reading.uncertainty.value(), 0.5 * drawn_j());
}

TEST_P(MeterLaws, WindowsThatFollowEachOtherAddUp) {
  start();
  auto from = meter_->mark();
  double sum_j = 0.0;
  for (int window = 0; window < 5; ++window) {
    run(10.0 + window, 3 + window);
    sum_j += so_far(*from).energy.value();
    from = meter_->mark();
  }
  device_->show(device_->counter(), Watts(14.0));
  EXPECT_NEAR(sum_j, stop().energy.value(), 1e-5);
}

TEST_P(MeterLaws, AWindowThatBeginsAtAFailedSampleSaysSo) {
  start();
  run(20.0, 10);
  fail_once(20.0);
  const auto begin = meter_->mark();
  const double before_j = drawn_j();
  run(20.0, 10);
  const Reading reading = so_far(*begin);
  const double window_j = drawn_j() - before_j;
  EXPECT_NEAR(reading.energy.value(), window_j, reading.uncertainty.value() + 1e-3);
  EXPECT_TRUE(says(reading, "begins at a failed sample")) << reading.note;
  EXPECT_LE(reading.energy.value(), stop().energy.value()) << "a part is not more than the whole";
}

/// What a random life of a device did to the energy that its meter reports.
struct Life {
  bool fell = false;
  double seen_j = 0.0;
  double most_j = 0.0;
};

Life random_life(const DeviceKind& kind, FakeDevice& device, Meter& meter, std::uint64_t seed) {
  const Seconds period = kind.sample_period;
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  meter.start();
  const auto begin = meter.mark();
  Life life;
  double time_s = 0.0;
  for (int i = 0; i < 60; ++i) {
    const double power_w = 40.0 * unit(random);
    device.draw(Watts(power_w), period);
    time_s += period.value();
    const double dice = unit(random);
    if (dice < 0.05) device.set_counter(Joules(1e5 * unit(random)), Watts(power_w));
    if (dice > 0.05 && dice < 0.15) device.fail();
    meter.sample();
    const Reading reading = total(meter.since(*begin));
    if (reading.quality == Quality::kUnavailable) continue;
    life.fell = life.fell || reading.energy.value() < life.seen_j;
    life.seen_j = reading.energy.value();
  }
  life.most_j = (kind.max_power * Seconds(time_s + 6.0)).value();
  (void)meter.stop();
  return life;
}

TEST_P(MeterLaws, EnergyNeverFallsAndIsNeverMoreThanCanBeDrawn) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto device = GetParam().make();
    device->draw(Watts(20.0), Seconds(50.0));
    const auto meter = device->open();
    const Life life = random_life(GetParam(), *device, *meter, seed);
    EXPECT_FALSE(life.fell) << "seed " << seed;
    EXPECT_LE(life.seen_j, life.most_j) << "seed " << seed;
  }
}

std::vector<DeviceKind> kinds_that(bool (*wanted)(const DeviceKind&)) {
  std::vector<DeviceKind> kinds = device_kinds();
  std::erase_if(kinds, [wanted](const DeviceKind& kind) { return !wanted(kind); });
  return kinds;
}

std::string name_of(const testing::TestParamInfo<DeviceKind>& kind) {
  return kind.param.name;
}

INSTANTIATE_TEST_SUITE_P(Devices, MeterLaws, testing::ValuesIn(device_kinds()), name_of);
INSTANTIATE_TEST_SUITE_P(Devices, CountingMeterLaws,
                         testing::ValuesIn(kinds_that([](auto& kind) { return kind.counts; })),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Devices, WrappingMeterLaws, testing::ValuesIn(kinds_that([](auto& kind) {
                           return kind.wraps_at.has_value();
                         })),
                         name_of);

}  // namespace
}  // namespace frugal::laws
