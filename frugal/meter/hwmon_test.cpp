#include "frugal/meter/hwmon.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"
#include "frugal/meter/fake_sysfs_for_test.h"

namespace frugal::meter {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class HwmonTest : public testing::Test {
 protected:
  void write(std::string_view file, std::string_view text) {
    tree_.write(tree_.root() / "sys/class/hwmon" / file, text);
  }
  [[nodiscard]] std::unique_ptr<Meter> meter(std::string chip = "") {
    return open_hwmon({.root = tree_.root(), .chip = std::move(chip), .clock = clock_.function()});
  }
  std::string refusal(const std::string& chip = "") {
    try {
      (void)meter(chip);
    } catch (const Error& error) {
      return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }

  FakeSysfs tree_;
  FakeClock clock_;
};

TEST_F(HwmonTest, ReadsTheAverageOfAnAmdGpuAndNotBoth) {
  write("hwmon1/name", "nvme\n");
  write("hwmon3/name", "amdgpu\n");
  write("hwmon3/power1_average", "50000000\n");
  write("hwmon3/power1_input", "99000000\n");
  write("hwmon3/power1_label", "PPT\n");
  const auto hwmon = meter();
  hwmon->start();
  for (int i = 0; i < 100; ++i) {
    clock_.advance(0.1);
    hwmon->sample();
  }
  const std::vector<Reading> readings = hwmon->stop();
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_EQ(readings[0].domain, "amdgpu-hwmon3-PPT");
  EXPECT_EQ(readings[0].boundary, Boundary::kDevice);
  EXPECT_EQ(readings[0].quality, Quality::kDerived);
  EXPECT_NEAR(readings[0].energy.value(), 500.0, 1e-3);
}

TEST_F(HwmonTest, AddsSocketsAndNotTheCoresInsideThem) {
  write("hwmon0/name", "amd_energy\n");
  for (int i = 1; i <= 4; ++i) write(str("hwmon0/energy{}_input", i), "0\n");
  write("hwmon0/energy1_label", "Ecore000\n");
  write("hwmon0/energy2_label", "Esocket0\n");
  write("hwmon0/energy3_label", "Ecore001\n");
  write("hwmon0/energy4_label", "Esocket1\n");
  const auto hwmon = meter();
  hwmon->start();
  clock_.advance(1.0);
  for (int i = 1; i <= 4; ++i) write(str("hwmon0/energy{}_input", i), str("{}000000\n", i));
  const std::vector<Reading> readings = hwmon->stop();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_DOUBLE_EQ(total(readings).energy.value(), 6.0);
  EXPECT_TRUE(contains(hwmon->description(), "not added of hwmon0: Ecore000, Ecore001"))
      << hwmon->description();
}

TEST_F(HwmonTest, TakesACardRatherThanThePackageOnIt) {
  write("hwmon0/name", "xe\n");
  write("hwmon0/energy1_label", "pkg\n");
  write("hwmon0/energy1_input", "5\n");
  write("hwmon0/energy2_label", "card\n");
  write("hwmon0/energy2_input", "5\n");
  EXPECT_TRUE(contains(meter()->description(), "xe-hwmon0-card; not added of hwmon0: pkg"))
      << meter()->description();
}

TEST_F(HwmonTest, AsksWhichWhereTheOverlapIsNotKnown) {
  for (const std::string_view chip : {"hwmon0", "hwmon1"}) {
    write(str("{}/name", chip), chip == "hwmon0" ? "ina226\n" : "ina219\n");
    write(str("{}/power1_input", chip), "2000000\n");
  }
  EXPECT_TRUE(contains(refusal(), "ina226 (hwmon0), ina219 (hwmon1)")) << refusal();
  EXPECT_TRUE(contains(refusal(), "--meter hwmon:NAME"));
  EXPECT_TRUE(contains(meter("ina219")->description(), "hwmon1"));
  EXPECT_TRUE(contains(meter("hwmon0")->description(), "ina226"));
  EXPECT_TRUE(contains(refusal("a\x01"), "no chip 'a\\x01'"));
}

TEST_F(HwmonTest, KnowsAGraphicsPartOfAProcessorFromACard) {
  write("hwmon0/name", "amdgpu\n");
  write("hwmon0/power1_average", "1\n");
  write("hwmon1/name", "amdgpu\n");
  write("hwmon1/power1_average", "1\n");
  write("hwmon1/power1_cap", "300000000\n");
  const std::vector<HwmonChip> chips = scan_hwmon(tree_.root());
  ASSERT_EQ(chips.size(), 2U);
  EXPECT_TRUE(chips[0].integrated);
  EXPECT_FALSE(chips[1].integrated);
}

TEST_F(HwmonTest, TakesAPowerThatNothingDrawsForNoValue) {
  write("hwmon0/name", "power_meter\n");
  write("hwmon0/power1_average", "300000000\n");
  const auto hwmon = meter();
  hwmon->start();
  clock_.advance(0.5);
  write("hwmon0/power1_average", "9000000000000\n");
  hwmon->sample();
  clock_.advance(0.1);
  write("hwmon0/power1_average", "300000000\n");
  const Reading reading = hwmon->stop().front();
  EXPECT_EQ(reading.boundary, Boundary::kHost);
  EXPECT_NEAR(reading.energy.value(), 180.0, 1e-6);
  EXPECT_TRUE(contains(reading.note, "9e+06 W, expected at most")) << reading.note;
}

TEST_F(HwmonTest, SurvivesATreeMadeToHurt) {
  EXPECT_NE(refusal(), "");  // no folder
  const std::filesystem::path folder = tree_.root() / "sys/class/hwmon";
  write("hwmon0/name", std::string(5000, '\xff'));
  write("hwmon0/power1_input", std::string(100'000, '7'));
  std::filesystem::create_directory_symlink("..", folder / "hwmon1");
  std::filesystem::create_symlink("hwmon2", folder / "hwmon2");
  write("hwmon3/name", "amdgpu\n");
  write("hwmon3/energy1_input", "-5\n");
  EXPECT_NE(refusal(), "");
  for (int i = 0; i < 1100; ++i) std::filesystem::create_directory(folder / str("hwmonx{}", i));
  EXPECT_TRUE(contains(refusal(), "more than 1024 entries"));
}

}  // namespace
}  // namespace frugal::meter
