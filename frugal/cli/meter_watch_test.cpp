#include "frugal/cli/meter_watch.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "frugal/base/error.h"
#include "frugal/meter/fake.h"

namespace frugal::cli {
namespace {

TEST(MeterWatch, LapsAddUpToTheWhole) {
  meter::FakeMeter meter(Watts(10.0));
  std::mutex mutex;
  std::condition_variable changed;
  int laps = 0;
  double sum_j = 0.0;
  WatchOptions options;
  options.interval = Seconds(0.002);
  options.on_lap = [&](Seconds at, const std::vector<meter::Reading>& lap) {
    const std::lock_guard<std::mutex> lock(mutex);
    EXPECT_GT(at, Seconds(0.0));
    sum_j += total(lap).energy.value();
    ++laps;
    changed.notify_all();
  };
  MeterWatch watch(meter, options);
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return laps >= 3; });
  }
  const Watched watched = watch.stop();
  // the span's own stop comes a moment after the last lap
  EXPECT_LE(sum_j, total(watched.readings).energy.value());
  EXPECT_NEAR(sum_j, total(watched.readings).energy.value(), 10.0 * 1.0);
  const auto peak = watched.profile.peak("fake");
  ASSERT_TRUE(peak);
  EXPECT_NEAR(peak->power.value(), 10.0, 1e-6);
}

TEST(MeterWatch, KeepsPowerOverTime) {
  meter::FakeMeter meter(Watts(10.0));
  WatchOptions options;
  options.interval = Seconds(100.0);
  MeterWatch watch(meter, options);
  const Watched watched = watch.stop();
  ASSERT_EQ(watched.power.size(), 1U) << "the last lap, at stop";
  EXPECT_EQ(watched.power[0].domain, "fake");
  EXPECT_NEAR(watched.power[0].power.value(), 10.0, 1e-6);
  EXPECT_GT(watched.power[0].at, Seconds(0.0));
}

TEST(MeterWatch, ScrapesWhatWasCountedSoFar) {
  meter::FakeMeter meter(Watts(10.0));
  MeterWatch watch(meter, {});
  const std::string text = watch.scrape();
  EXPECT_NE(text.find("frugal_energy_joules_total{domain=\"fake\""), std::string::npos) << text;
  (void)watch.stop();
}

TEST(MeterWatch, HandsOverWhatALapThrew) {
  meter::FakeMeter meter(Watts(10.0));
  WatchOptions options;
  options.interval = Seconds(100.0);
  options.on_lap = [](Seconds /*at*/, const auto& /*lap*/) {
    throw Error(ErrorKind::kIo, "disk full");
  };
  MeterWatch watch(meter, options);
  EXPECT_THROW((void)watch.stop(), Error);
}

}  // namespace
}  // namespace frugal::cli
