#include "frugal/meter/meter_set.h"

#include <gtest/gtest.h>

#include "frugal/meter/fake.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

class MeterSetTest : public testing::Test {
 protected:
  std::unique_ptr<FakeMeter> part(double power_w, double period_s) {
    auto meter = std::make_unique<FakeMeter>(Watts(power_w), clock_.function());
    meter->set_max_sample_period(Seconds(period_s));
    return meter;
  }
  std::unique_ptr<Meter> pair() {
    std::vector<std::unique_ptr<Meter>> parts;
    parts.push_back(part(10.0, 5.0));
    parts.push_back(part(3.0, 0.1));
    return std::make_unique<MeterSet>(std::move(parts), "because of the test");
  }

  FakeClock clock_;
};

TEST_F(MeterSetTest, IsTheSumOfItsParts) {
  const auto set = pair();
  set->start();
  clock_.advance(2.0);
  const std::vector<Reading> readings = set->stop();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_DOUBLE_EQ(total(readings).energy.value(), 26.0);
}

TEST_F(MeterSetTest, IsSampledAsOftenAsItsQuickestPart) {
  EXPECT_DOUBLE_EQ(pair()->max_sample_period()->value(), 0.1);
}

TEST_F(MeterSetTest, NamesItsPartsAndTheReason) {
  EXPECT_EQ(pair()->name(), "fake+fake");
  EXPECT_EQ(pair()->description(), "a constant 10 W; a constant 3 W; because of the test");
}

TEST_F(MeterSetTest, MarksMomentsOfAllParts) {
  const auto set = pair();
  set->start();
  clock_.advance(2.0);
  set->sample();
  const auto mark = set->mark();
  clock_.advance(1.0);
  set->sample();
  EXPECT_DOUBLE_EQ(total(set->since(*mark)).energy.value(), 13.0);
  EXPECT_DOUBLE_EQ(total(set->stop()).energy.value(), 39.0);
}

}  // namespace
}  // namespace frugal::meter
