#include "frugal/meter/prometheus.h"

#include <gtest/gtest.h>

namespace frugal::meter {
namespace {

Reading reading(std::string domain, double energy_j, Quality quality) {
  return {.domain = std::move(domain),
          .boundary = Boundary::kDevice,
          .quality = quality,
          .energy = Joules(energy_j),
          .uncertainty = Joules(0.5),
          .time = Seconds(2.0),
          .note = {}};
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Prometheus, ShowsEnergyWithItsLabelsInBaseUnits) {
  const std::string text =
      prometheus_text({.since_start = {reading("package-0", 1234.5, Quality::kMeasured)},
                       .lap = {reading("package-0", 30.0, Quality::kMeasured)},
                       .time = Seconds(60.0),
                       .own_cpu_time = Seconds(0.01),
                       .version = "frugal 1"});
  EXPECT_TRUE(contains(text, "# TYPE frugal_energy_joules_total counter\n"));
  EXPECT_TRUE(contains(text,
                       "\nfrugal_energy_joules_total{domain=\"package-0\",boundary=\"device\","
                       "quality=\"measured\"} 1234.5\n"))
      << text;
  EXPECT_TRUE(contains(text,
                       "frugal_power_watts{domain=\"package-0\",boundary=\"device\","
                       "quality=\"measured\"} 15\n"));
  EXPECT_TRUE(contains(text, "\nfrugal_time_seconds_total 60.000000\n"));
  EXPECT_TRUE(text.ends_with("frugal_build_info{version=\"frugal 1\"} 1\n"));
}

TEST(Prometheus, LeavesOutWhatIsNotKnown) {
  const std::string text =
      prometheus_text({.since_start = {reading("x", 0.0, Quality::kUnavailable)},
                       .lap = {reading("x", 0.0, Quality::kUnavailable)},
                       .time = Seconds(1.0),
                       .own_cpu_time = Seconds(0.0),
                       .version = ""});
  EXPECT_FALSE(contains(text, "frugal_energy_joules_total{"));
  EXPECT_FALSE(contains(text, "frugal_power_watts{"));
  EXPECT_TRUE(contains(text, "frugal_meter_available{domain=\"x\"} 0\n"));
}

TEST(Prometheus, EscapesWhatADeviceCallsItself) {
  const std::string text =
      prometheus_text({.since_start = {reading("a\"b\\c\nd", 1.0, Quality::kMeasured)},
                       .lap = {},
                       .time = Seconds(1.0),
                       .own_cpu_time = Seconds(0.0),
                       .version = ""});
  EXPECT_TRUE(contains(text, "domain=\"a\\\"b\\\\c d\"")) << text;
}

}  // namespace
}  // namespace frugal::meter
