#include "frugal/cli/live_line.h"

#include <gtest/gtest.h>

namespace frugal::cli {
namespace {

meter::Reading lap(std::string domain, double energy_j, meter::Quality quality) {
  return {.domain = std::move(domain),
          .boundary = meter::Boundary::kDevice,
          .quality = quality,
          .energy = Joules(energy_j),
          .uncertainty = Joules(0.0),
          .time = Seconds(0.5),
          .note = {}};
}

TEST(LiveLine, ShowsThePowerOfEachDomain) {
  EXPECT_EQ(live_text(Seconds(12.34), {lap("package-0", 22.5, meter::Quality::kMeasured),
                                       lap("dram-0", 0.0, meter::Quality::kUnavailable)}),
            "12.3 s  package-0 45 W  dram-0 unknown");
}

TEST(LiveLine, AddsUpTheLapsBetweenTwoLines) {
  testing::internal::CaptureStderr();
  LiveLine line(false);
  for (int i = 1; i <= 21; ++i) {
    line.update(Seconds(0.5 * i), {lap("cpu", i % 2 == 0 ? 4.0 : 0.0, meter::Quality::kMeasured)});
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "10.0 s  cpu 4 W\n");
}

TEST(LiveLine, RedrawsItselfOnATerminal) {
  testing::internal::CaptureStderr();
  {
    LiveLine line(true);
    line.update(Seconds(0.1), {lap("cpu", 1.0, meter::Quality::kMeasured)});
    line.update(Seconds(0.6), {lap("cpu", 1.0, meter::Quality::kMeasured)});
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "\r\x1b[K0.6 s  cpu 2 W\r\x1b[K");
}

}  // namespace
}  // namespace frugal::cli
