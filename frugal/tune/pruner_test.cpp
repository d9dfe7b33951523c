#include "frugal/tune/pruner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "frugal/base/error.h"

namespace frugal::tune {
namespace {

TEST(MedianPruner, StopsWhatIsWorseThanTheMedianAtTheSameCost) {
  MedianPruner pruner({.startup = 3});
  for (std::uint64_t trial = 0; trial < 3; ++trial) {
    // 0, 1, 2 at 10 J, ten less at 20 J
    EXPECT_FALSE(pruner.observe(trial, 10.0, static_cast<double>(trial)));
    EXPECT_FALSE(pruner.observe(trial, 20.0, static_cast<double>(trial) - 10.0));
  }
  EXPECT_FALSE(pruner.observe(3, 10.0, 1.0));  // the median itself
  EXPECT_TRUE(pruner.observe(4, 10.0, 1.5));
  EXPECT_TRUE(pruner.observe(5, 20.0, 1.0));     // good for 10 J, not for 20
  EXPECT_FALSE(pruner.observe(6, 21.0, -10.0));  // nobody came so far
}

TEST(MedianPruner, ATrialIsJudgedByItsBestSoFar) {
  MedianPruner pruner({.startup = 1});
  std::ignore = pruner.observe(0, 30.0, 5.0);
  EXPECT_FALSE(pruner.observe(1, 10.0, 4.0));
  EXPECT_FALSE(pruner.observe(1, 30.0, 9.0));
}

TEST(MedianPruner, WaitsForOthersAndForTheWarmUp) {
  MedianPruner pruner({.startup = 2, .warmup_cost = 15.0});
  std::ignore = pruner.observe(0, 30.0, 0.0);
  EXPECT_FALSE(pruner.observe(1, 30.0, 9.0));
  EXPECT_FALSE(pruner.observe(2, 10.0, 99.0));
  EXPECT_FALSE(pruner.observe(3, 14.0, 99.0));
  EXPECT_FALSE(pruner.observe(2, 30.0, 0.0));
  EXPECT_TRUE(pruner.observe(3, 16.0, 99.0) || pruner.observe(3, 30.0, 99.0));
}

TEST(MedianPruner, NoNumberIsTheWorst) {
  MedianPruner pruner({.startup = 1});
  EXPECT_FALSE(pruner.observe(0, 10.0, 5.0));
  EXPECT_TRUE(pruner.observe(1, 10.0, std::nan("")));
  EXPECT_TRUE(pruner.observe(2, 10.0, std::numeric_limits<double>::infinity()));
}

TEST(HalvingPruner, LetsTheBestShareOfEachRungGoOn) {
  HalvingPruner pruner({.first_cost = 10.0, .factor = 2.0});
  EXPECT_FALSE(pruner.observe(0, 5.0, 9.0));   // below the first rung
  EXPECT_FALSE(pruner.observe(0, 12.0, 5.0));  // first there
  EXPECT_TRUE(pruner.observe(1, 10.0, 6.0));   // 1 of 2 goes on
  EXPECT_FALSE(pruner.observe(2, 10.0, 4.0));
  EXPECT_FALSE(pruner.observe(3, 10.0, 4.5));   // second of 4
  EXPECT_TRUE(pruner.observe(4, 10.0, 4.7));    // third of 5
  EXPECT_FALSE(pruner.observe(2, 15.0, 99.0));  // no new rung
  EXPECT_FALSE(pruner.observe(2, 20.0, 99.0));  // its best is 4, and it is first on the second rung
  EXPECT_TRUE(pruner.observe(3, 25.0, 4.2));
}

TEST(HalvingPruner, SpendsMostOnTheGoodOnes) {
  HalvingPruner pruner({.first_cost = 1.0, .factor = 3.0});
  double spent = 0.0;
  std::size_t finished = 0;
  for (std::uint64_t trial = 0; trial < 81; ++trial) {
    const auto quality = static_cast<double>((trial * 37) % 81);
    double cost = 1.0;
    while (!pruner.observe(trial, cost, quality + (10.0 / cost)) && cost < 81.0) cost *= 3.0;
    spent += cost;
    finished += cost >= 81.0 ? 1U : 0U;
  }
  EXPECT_LT(spent, 0.2 * 81.0 * 81.0);
  EXPECT_GE(finished, 1U);
}

TEST(Pruner, GoesOnFromItsState) {
  MedianPruner whole({.startup = 2});
  for (std::uint64_t trial = 0; trial < 20; ++trial) {
    for (int step = 1; step < 5; ++step) {
      MedianPruner resumed({.startup = 2});
      resumed.restore(whole.state());
      const double value = static_cast<double>((trial * 7 + static_cast<std::uint64_t>(step)) % 11);
      EXPECT_EQ(resumed.observe(trial, step, value), whole.observe(trial, step, value));
      EXPECT_EQ(resumed.state(), whole.state());
    }
  }
}

TEST(Pruner, RefusesWhatCannotBe) {
  MedianPruner pruner;
  std::ignore = pruner.observe(0, 10.0, 1.0);
  const std::string good = pruner.state();
  EXPECT_THROW(std::ignore = pruner.observe(0, 9.0, 1.0), Error);
  EXPECT_THROW(std::ignore = pruner.observe(0, std::nan(""), 1.0), Error);
  for (const char* state :
       {"", "[]", "{}", R"({"version":1})", R"({"version":1,"curves":[[0]]})",
        R"({"version":1,"curves":[[-1,[]]]})", R"({"version":1,"curves":[[0,[1]]]})",
        R"({"version":1,"curves":[[0,[2,1,1,1]]]})"}) {
    EXPECT_THROW(pruner.restore(state), Error) << state;
  }
  EXPECT_EQ(pruner.state(), good);
  EXPECT_THROW(HalvingPruner({.first_cost = 0.0}), Error);
  EXPECT_THROW(HalvingPruner({.factor = 1.0}), Error);
}

}  // namespace
}  // namespace frugal::tune
