#include "frugal/carbon/estimators/codecarbon.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "frugal/base/statistics.h"
#include "frugal/carbon/estimators/cpu_curves.h"

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

// RAPL watts at 0, 10 … 100 % load of five machines, from CodeCarbon's own cpu_load_profiling.
struct Machine {
  double tdp;
  std::array<double, 11> watts;
};
constexpr std::array<Machine, 5> kMachines = {
    {{90, {18.3, 29.2, 38.6, 41.7, 43.1, 47.6, 48.7, 49.2, 50.9, 46.1, 46.2}},
     {180, {42.7, 62.0, 78.3, 105.6, 127.6, 143.3, 172.5, 170.4, 169.2, 166.9, 167.1}},
     {69, {5.5, 6.8, 8.1, 9.4, 14.1, 24.0, 29.5, 44.5, 47.2, 48.4, 49.4}},
     {69, {7.5, 10.1, 12.7, 15.1, 23.8, 35.9, 58.3, 86.1, 91.7, 89.2, 93.4}},
     {170, {15.9, 30.7, 38.2, 44.7, 62.2, 61.5, 75.8, 111.8, 115.8, 117.4, 105.0}}}};

double median_error(const std::function<double(double, double)>& power) {
  std::vector<double> errors;
  for (const Machine& machine : kMachines) {
    for (std::size_t i = 0; i < machine.watts.size(); ++i) {
      const double estimate = power(machine.tdp, static_cast<double>(i) / 10.0);
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
