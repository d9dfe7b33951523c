#include "frugal/carbon/estimators/codecarbon.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "frugal/base/statistics.h"
#include "frugal/carbon/estimators/cpu_curves.h"
#include "frugal/carbon/estimators/rapl_profiles.h"

namespace frugal::carbon::estimators {
namespace {

TEST(Codecarbon, ItsCubeOfTheLoad) {
  EXPECT_DOUBLE_EQ(codecarbon_cpu_by_load(Watts(100.0), 0.0).value(), 10.0);
  EXPECT_DOUBLE_EQ(codecarbon_cpu_by_load(Watts(100.0), 0.5).value(), 21.25);
  EXPECT_DOUBLE_EQ(codecarbon_cpu_by_load(Watts(100.0), 1.0).value(), 100.0);
}

TEST(Codecarbon, ItsOtherPowersOfAProcessor) {
  EXPECT_DOUBLE_EQ(codecarbon_cpu_of_process(Watts(80.0), 2.0, 8).value(), 20.0);
  EXPECT_DOUBLE_EQ(codecarbon_unknown_tdp(16).value(), 64.0);
  EXPECT_DOUBLE_EQ(codecarbon_constant(std::nullopt).value(), 85.0);
  EXPECT_DOUBLE_EQ(codecarbon_constant(Watts(65.0)).value(), 32.5);
}

TEST(Codecarbon, ItsMemory) {
  for (const auto& [gigabytes, watts] :
       {std::pair(1.0, 10.0), std::pair(8.0, 10.0), std::pair(32.0, 20.0), std::pair(64.0, 20.0),
        std::pair(128.0, 38.0), std::pair(1024.0, 38.0)}) {
    EXPECT_NEAR(codecarbon_memory(gigabytes).value(), watts, 1e-12) << gigabytes;
  }
  EXPECT_NEAR(codecarbon_memory(1.0, MemoryKind::kArm).value(), 3.0, 1e-12);
  EXPECT_NEAR(codecarbon_memory(64.0, MemoryKind::kArm).value(), 6.0, 1e-12);
}

TEST(Codecarbon, ItsModules) {
  for (const auto& [gigabytes, modules] :
       {std::pair(2.0, 1U), std::pair(16.0, 2U), std::pair(17.0, 4U), std::pair(65.0, 8U),
        std::pair(192.0, 12U), std::pair(256.0, 8U), std::pair(1e6, 32U)}) {
    EXPECT_EQ(codecarbon_memory_modules(gigabytes), modules) << gigabytes;
  }
}

double median_error(const std::function<double(double, double)>& power) {
  std::vector<double> errors;
  for (const RaplProfile& machine : kRaplProfiles) {
    for (std::size_t i = 0; i < machine.watts.size(); ++i) {
      const double estimate = power(machine.tdp_w, static_cast<double>(i) / 10.0);
      errors.push_back(std::abs(estimate - machine.watts[i]) / machine.watts[i]);
    }
  }
  return quantile(errors, 0.5);
}

// What comparison.h says of their errors; loads here are nominal, hence the margin of 2 points.
TEST(Codecarbon, CurvesOfTheLoadAreFortyPercentOff) {
  EXPECT_NEAR(median_error([](double tdp, double load) {
                return codecarbon_cpu_by_load(Watts(tdp), load).value();
              }),
              0.42, 0.02);
  EXPECT_NEAR(
      median_error([](double tdp, double) { return codecarbon_constant(Watts(tdp)).value(); }),
      0.44, 0.02);
  EXPECT_NEAR(median_error([](double tdp, double load) {
                return codecarbon_cpu_of_process(Watts(tdp), load, 1).value();
              }),
              0.35, 0.025);
  EXPECT_NEAR(
      median_error([](double tdp, double load) { return teads_power(Watts(tdp), load).value(); }),
      0.40, 0.02);
}

}  // namespace
}  // namespace frugal::carbon::estimators
