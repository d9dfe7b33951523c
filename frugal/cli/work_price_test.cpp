#include "frugal/cli/work_price.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frugal/meter/machine_file.h"
#include "tests/support/temp_folder.h"

namespace frugal::cli {
namespace {

TEST(WorkPrice, IsAbsentWithoutAMachineFile) {
  EXPECT_FALSE(priced({}, {.time = Seconds(1.0), .cpu = Seconds(1.0)}));
}

TEST(WorkPrice, IsTheSumOfTheFilesPrices) {
  const test::TempFolder folder;
  meter::MachineFile file{.meter = "rapl", .quality = meter::Quality::kMeasured};
  file.model.relative_std = 0.0;
  file.model[meter::Term::kIdle] = meter::Price{.value = 20.0};
  file.model[meter::Term::kCpu] = meter::Price{.value = 5.0};
  file.model[meter::Term::kInt8] = meter::Price{.value = 1e-11};
  meter::save(file, folder / "m.json");
  CommonOptions options;
  options.sysfs = folder.path().string();
  options.machine = (folder / "m.json").string();
  meter::Activity activity{.time = Seconds(2.0), .cpu = Seconds(4.0)};
  activity.cost.add(Op::kInt8, 100'000'000'000);
  const auto reading = priced(options, activity);
  ASSERT_TRUE(reading);
  EXPECT_DOUBLE_EQ(reading->energy.value(), 61.0);
  EXPECT_GT(reading->uncertainty.value(), 0.0);  // no processor is known here: made elsewhere
  EXPECT_NE(reading->note.find("another processor"), std::string::npos);
  activity.cost.add(Op::kFloat, 1);
  EXPECT_EQ(priced(options, activity)->quality, meter::Quality::kUnavailable);
}

TEST(WorkPrice, TheStopwatchCountsCpuSeconds) {
  const CpuStopwatch watch;
  double sum = 0.0;
  for (int i = 0; i < 2'000'000; ++i) sum += std::sqrt(static_cast<double>(i));
  EXPECT_GT(sum, 0.0);
  EXPECT_GE(watch.elapsed().value(), 0.0);
  EXPECT_LT(watch.elapsed().value(), 60.0);
}

}  // namespace
}  // namespace frugal::cli
