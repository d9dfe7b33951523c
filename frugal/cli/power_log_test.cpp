#include "frugal/cli/power_log.h"

#include <gtest/gtest.h>

namespace frugal::cli {
namespace {

meter::Reading reading(const char* domain, double energy_j, double time_s) {
  return {.domain = domain,
          .boundary = meter::Boundary::kDevice,
          .quality = meter::Quality::kMeasured,
          .energy = Joules(energy_j),
          .uncertainty = Joules(0.0),
          .time = Seconds(time_s),
          .note = {}};
}

TEST(PowerLog, KeepsThePowerOfEachDomainByLap) {
  PowerLog log;
  log.add(Seconds(0.5), {reading("cpu", 5.0, 0.5), reading("dram", 1.0, 0.5)});
  log.add(Seconds(1.0), {reading("cpu", 10.0, 0.5)});
  const auto samples = log.samples();
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[0].domain, "cpu");
  EXPECT_EQ(samples[0].power, Watts(10.0));
  EXPECT_EQ(samples[1].power, Watts(2.0));
  EXPECT_EQ(samples[2].at, Seconds(1.0));
  EXPECT_EQ(samples[2].power, Watts(20.0));
}

TEST(PowerLog, LeavesOutWhatIsNotKnown) {
  PowerLog log;
  meter::Reading unknown = reading("cpu", 5.0, 0.5);
  unknown.quality = meter::Quality::kUnavailable;
  log.add(Seconds(0.5), {unknown});
  log.add(Seconds(0.5), {reading("cpu", 1.0, 0.0)});
  EXPECT_TRUE(log.samples().empty());
}

// However many laps there are, their energy stays; powers become means of longer stretches.
TEST(PowerLog, JoinsNeighboursWhenThereAreTooMany) {
  for (const std::size_t laps : {7U, 8U, 9U, 16U, 17U, 100U, 1000U}) {
    PowerLog log(8);
    for (std::size_t i = 1; i <= laps; ++i) {
      log.add(Seconds(static_cast<double>(i)), {reading("cpu", static_cast<double>(i), 1.0)});
    }
    const auto samples = log.samples();
    EXPECT_LE(samples.size(), 8U) << laps;
    EXPECT_GE(samples.size(), laps < 8 ? laps : 4U) << laps;
    Joules energy;
    Seconds before;
    for (const ledger::PowerSample& sample : samples) {
      energy += sample.power * (sample.at - before);
      before = sample.at;
    }
    EXPECT_EQ(before, Seconds(static_cast<double>(laps)));
    EXPECT_NEAR(energy.value(), static_cast<double>(laps * (laps + 1)) / 2.0, 1e-6) << laps;
  }
}

}  // namespace
}  // namespace frugal::cli
