#include "frugal/meter/power_profile.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace frugal::meter {
namespace {

Reading lap(double energy_j, double deviation_j, double time_s,
            Quality quality = Quality::kMeasured) {
  return {.domain = "package-0",
          .boundary = Boundary::kDevice,
          .quality = quality,
          .energy = Joules(energy_j),
          .uncertainty = Joules(deviation_j),
          .time = Seconds(time_s),
          .note = {}};
}

TEST(PowerProfile, TakesTheHighestLap) {
  PowerProfile profile;
  for (const double energy_j : {1.0, 5.0, 2.0}) profile.add({lap(energy_j, 0.01, 0.1)});
  const auto peak = profile.peak("package-0");
  ASSERT_TRUE(peak);
  EXPECT_DOUBLE_EQ(peak->power.value(), 50.0);
  EXPECT_DOUBLE_EQ(peak->window.value(), 0.1);
  EXPECT_FALSE(profile.peak("dram-0"));
}

TEST(PowerProfile, JoinsLapsThatAloneAreTooUnsure) {
  // A counter that moves every 0.2 s: laps show all or nothing, each ± more than itself.
  PowerProfile profile;
  for (int i = 0; i < 50; ++i) profile.add({lap(i % 2 == 0 ? 20.0 : 0.0, 28.0, 0.1)});
  const auto peak = profile.peak("package-0");
  ASSERT_TRUE(peak);
  EXPECT_GE(peak->window.value(), 1.0);
  EXPECT_NEAR(peak->power.value(), 100.0, 10.0);
}

TEST(PowerProfile, ClaimsNoPeakFromWhatIsNotKnown) {
  PowerProfile profile;
  profile.add({lap(0.0, 0.0, 1.0, Quality::kUnavailable)});
  profile.add({lap(5.0, 5.0, 0.1)});
  profile.add({lap(0.0, 0.0, 0.0)});
  EXPECT_FALSE(profile.peak("package-0"));
}

TEST(Series, QuotesNotesAndLeavesTheUnknownEmpty) {
  Reading good = lap(5.0, 0.25, 0.5);
  Reading bad = lap(0.0, 0.0, 0.5, Quality::kUnavailable);
  bad.note = "a \"b\", c";
  EXPECT_EQ(series_lines(Seconds(1.5), {good, bad}),
            "1.500000,package-0,device,measured,5,0.25,10,\n"
            "1.500000,package-0,device,unavailable,,,,\"a \"\"b\"\", c\"\n");
  const auto columns = [](const std::string& line) {
    return std::count(line.begin(), line.end(), ',');
  };
  EXPECT_EQ(columns(series_header()), columns(series_lines(Seconds(0.0), {good})));
}

}  // namespace
}  // namespace frugal::meter
