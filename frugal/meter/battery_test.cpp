#include "frugal/meter/battery.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class BatteryTest : public testing::Test {
 protected:
  void write(std::string_view file, std::string_view text) {
    tree_.write(tree_.root() / "sys/class/power_supply" / file, text);
  }
  [[nodiscard]] std::unique_ptr<Meter> meter() {
    return open_battery(tree_.root(), clock_.function());
  }
  std::string refusal() {
    try {
      (void)meter();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
      return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }
  Reading over_a_minute() {
    const auto battery = meter();
    battery->start();
    for (int i = 0; i < 60; ++i) {
      clock_.advance(1.0);
      battery->sample();
    }
    return total(battery->stop());
  }

  FakeSysfs tree_;
  FakeClock clock_;
};

TEST_F(BatteryTest, IntegratesWhatAllBatteriesGive) {
  write("AC/type", "Mains\n");
  write("mouse/type", "Battery\n");
  write("mouse/scope", "Device\n");
  for (const std::string_view name : {"BAT0", "BAT1"}) {
    write(str("{}/type", name), "Battery\n");
    write(str("{}/status", name), "Discharging\n");
    write(str("{}/power_now", name), "6000000\n");
  }
  const Reading reading = over_a_minute();
  EXPECT_EQ(reading.boundary, Boundary::kHost);
  EXPECT_EQ(reading.quality, Quality::kDerived);
  EXPECT_NEAR(reading.energy.value(), 720.0, 1e-6);
  EXPECT_EQ(reading.domain, "battery-BAT0+battery-BAT1");
}

TEST_F(BatteryTest, MultipliesVoltageAndCurrentOfEitherSign) {
  write("BAT0/type", "Battery\n");
  write("BAT0/status", "Discharging\n");
  write("BAT0/voltage_now", "12000000\n");
  write("BAT0/current_now", "-1500000\n");
  EXPECT_NEAR(over_a_minute().energy.value(), 18.0 * 60.0, 1e-6);
}

TEST_F(BatteryTest, SaysWhatIsMissing) {
  EXPECT_TRUE(contains(refusal(), "no battery"));
  write("BAT0/type", "Battery\n");
  write("BAT0/status", "Charging\n");
  write("BAT0/power_now", "6000000\n");
  EXPECT_TRUE(contains(refusal(), "unplug the machine")) << refusal();
  write("BAT0/status", "Discharging\n");
  write("BAT0/power_now", "0\n");
  EXPECT_TRUE(contains(refusal(), "shows 0 W")) << refusal();
  write("BAT0/power_now", "\xff\xfe");
  EXPECT_TRUE(contains(refusal(), "holds no power")) << refusal();
}

TEST_F(BatteryTest, PluggingInEndsWhatIsKnown) {
  write("BAT0/type", "Battery\n");
  write("BAT0/status", "Discharging\n");
  write("BAT0/power_now", "10000000\n");
  const auto battery = meter();
  battery->start();
  for (int i = 0; i < 40; ++i) {
    clock_.advance(1.0);
    if (i == 30) write("BAT0/status", "Charging\n");
    battery->sample();
  }
  const Reading reading = battery->stop().front();
  EXPECT_NEAR(reading.energy.value(), 300.0, 1e-6);
  EXPECT_GE(reading.uncertainty.value(), 100.0);
  EXPECT_TRUE(contains(reading.note, "status is 'Charging'")) << reading.note;
}

}  // namespace
}  // namespace frugal::meter
