#include "frugal/base/linear_fit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/random.h"

namespace frugal {
namespace {

/// y = 3 u + 5 v with relative noise, four kinds of rows in turn.
struct Noisy {
  LinearSystem system{.columns = 2};
  std::vector<std::size_t> groups;

  explicit Noisy(double noise, std::uint64_t seed, std::size_t rows = 48) {
    Random random(seed);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t kind = i % 4;
      const std::vector<double> row = {1.0 + static_cast<double>(kind),
                                       kind == 0 ? 0.0 : 1.0 / static_cast<double>(kind)};
      const double truth = 3.0 * row[0] + 5.0 * row[1];
      system.add(row, truth * (1.0 + noise * random.normal()));
      groups.push_back(kind);
    }
  }
};

TEST(LinearFit, IsExactAndSureWithoutNoise) {
  const Noisy exact(0.0, 1);
  const auto fit = fit_with_intervals(exact.system, exact.groups, {.replicates = 20});
  EXPECT_NEAR(fit[0].value, 3.0, 1e-12);
  EXPECT_NEAR(fit[1].high95, 5.0, 1e-12);
  EXPECT_NEAR(fit[1].std, 0.0, 1e-12);
  const auto predicted = leave_group_out(exact.system, exact.groups, true);
  const HoldOut error = hold_out(predicted, exact.system.b);
  EXPECT_EQ(error.count, 48U);
  EXPECT_NEAR(error.p90, 0.0, 1e-12);
  EXPECT_EQ(error.within_factor_two, 1.0);
}

TEST(LinearFit, ItsIntervalsHoldTheTruthAboutAsOftenAsTheySay) {
  int held = 0;
  constexpr int kTrials = 100;
  for (std::uint64_t seed = 1; seed <= kTrials; ++seed) {
    const Noisy noisy(0.05, seed);
    const auto fit = fit_with_intervals(noisy.system, noisy.groups, {.replicates = 100});
    if (fit[1].low95 <= 5.0 && 5.0 <= fit[1].high95) ++held;
  }
  EXPECT_GE(held, 84);  // of 100 at 95 %, less what few rows and few draws cost
}

TEST(LinearFit, TheSameSeedGivesTheSameIntervals) {
  const Noisy noisy(0.1, 5);
  const auto run = [&](std::uint64_t seed) {
    return fit_with_intervals(noisy.system, noisy.groups, {.replicates = 50, .seed = seed})[0];
  };
  EXPECT_EQ(run(1).low95, run(1).low95);
  EXPECT_NE(run(1).low95, run(2).low95);
}

TEST(LinearFit, AGroupThatAloneShowsAColumnIsMissedWhenItIsLeftOut) {
  LinearSystem system{.columns = 2};
  std::vector<std::size_t> groups;
  for (std::size_t i = 0; i < 6; ++i) {
    const bool second = i >= 3;
    system.add(std::vector<double>{1.0, second ? 1.0 : 0.0}, second ? 10.0 : 2.0);
    groups.push_back(second ? 1 : 0);
  }
  EXPECT_NEAR(leave_group_out(system, groups, true)[5], 2.0, 1e-12);
}

TEST(LinearFit, RelativeErrorsWeighSmallAndLargeAlike) {
  LinearSystem system{.columns = 1};
  system.add(std::vector<double>{1.0}, 1.0);
  system.add(std::vector<double>{100.0}, 150.0);
  EXPECT_NEAR(fit_values(system, false)[0], 1.49995, 1e-4);
  EXPECT_NEAR(fit_values(system, true)[0], (1.0 + 100.0 / 150.0) / (1.0 + 4.0 / 9.0), 1e-12);
}

TEST(LinearFit, RefusesToMeetZeroRelatively) {
  LinearSystem system{.columns = 1};
  system.add(std::vector<double>{1.0}, 0.0);
  EXPECT_THROW((void)fit_values(system, true), Error);
  EXPECT_EQ(fit_values(system, false)[0], 0.0);
}

TEST(HoldOut, CountsWhatItIsGiven) {
  const std::vector<double> truth = {1.0, 1.0, 1.0, 0.0};
  const HoldOut error = hold_out(std::vector<double>{1.1, 0.4, 2.5, 3.0}, truth);
  EXPECT_EQ(error.count, 3U);
  EXPECT_NEAR(error.median, 0.6, 1e-12);
  EXPECT_NEAR(error.within_factor_two, 1.0 / 3.0, 1e-12);
  EXPECT_EQ(hold_out({}, {}).count, 0U);
}

}  // namespace
}  // namespace frugal
