#include "frugal/train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frugal/base/error.h"

namespace frugal::train {
namespace {

TEST(Schedule, WarmsUpLinearlyToOne) {
  for (const Decay decay : {Decay::kConstant, Decay::kLinear, Decay::kCosine, Decay::kPlateau}) {
    const Schedule schedule({.decay = decay, .warmup = 4, .steps = 100});
    EXPECT_DOUBLE_EQ(schedule.factor(0), 0.25);
    EXPECT_DOUBLE_EQ(schedule.factor(2), 0.75);
    EXPECT_DOUBLE_EQ(schedule.factor(3), 1.0);
    EXPECT_DOUBLE_EQ(schedule.factor(4), 1.0);
  }
}

TEST(Schedule, ConstantStaysAtOne) {
  EXPECT_DOUBLE_EQ(Schedule({.decay = Decay::kConstant}).factor(1'000'000), 1.0);
}

TEST(Schedule, LinearFallsToTheFloorAndStaysThere) {
  const Schedule schedule({.decay = Decay::kLinear, .warmup = 10, .steps = 110, .floor = 0.2});
  EXPECT_DOUBLE_EQ(schedule.factor(10), 1.0);
  EXPECT_DOUBLE_EQ(schedule.factor(60), 0.6);
  EXPECT_DOUBLE_EQ(schedule.factor(110), 0.2);
  EXPECT_DOUBLE_EQ(schedule.factor(5000), 0.2);
}

TEST(Schedule, HoldsTheFullRateBeforeItFalls) {
  const Schedule schedule(
      {.decay = Decay::kLinear, .warmup = 10, .hold = 50, .steps = 110, .floor = 0.0});
  EXPECT_DOUBLE_EQ(schedule.factor(9), 1.0);
  EXPECT_DOUBLE_EQ(schedule.factor(60), 1.0);
  EXPECT_DOUBLE_EQ(schedule.factor(85), 0.5);
  EXPECT_THROW(Schedule({.decay = Decay::kCosine, .warmup = 10, .hold = 90, .steps = 100}), Error);
}

TEST(Schedule, CosineFallsToTheFloorAndNeverRises) {
  const Schedule schedule({.decay = Decay::kCosine, .warmup = 0, .steps = 100, .floor = 0.1});
  EXPECT_DOUBLE_EQ(schedule.factor(0), 1.0);
  EXPECT_DOUBLE_EQ(schedule.factor(50), 0.55);
  EXPECT_NEAR(schedule.factor(25), 0.1 + (0.9 * (1.0 + std::sqrt(0.5)) / 2.0), 1e-12);
  EXPECT_NEAR(schedule.factor(100), 0.1, 1e-12);
  EXPECT_NEAR(schedule.factor(101), 0.1, 1e-12);
  for (std::uint64_t step = 1; step < 120; ++step) {
    EXPECT_LE(schedule.factor(step), schedule.factor(step - 1));
  }
}

TEST(Schedule, PlateauShrinksWhenPatienceEnds) {
  Schedule schedule({.decay = Decay::kPlateau, .floor = 0.3, .shrink = 0.5, .patience = 2});
  schedule.observe(3.0);
  schedule.observe(2.0);
  EXPECT_DOUBLE_EQ(schedule.factor(10), 1.0);
  schedule.observe(2.5);
  schedule.observe(std::nan(""));
  EXPECT_DOUBLE_EQ(schedule.factor(10), 1.0);
  schedule.observe(1.9999);  // less than the threshold better
  EXPECT_DOUBLE_EQ(schedule.factor(10), 0.5);
  schedule.observe(1.5);
  for (int i = 0; i < 3; ++i) schedule.observe(1.6);
  EXPECT_DOUBLE_EQ(schedule.factor(10), 0.3);  // the floor
}

TEST(Schedule, PlateauAlsoShrinksWhileItWarmsUp) {
  Schedule schedule({.decay = Decay::kPlateau, .warmup = 10, .patience = 0});
  schedule.observe(1.0);
  schedule.observe(1.0);
  EXPECT_DOUBLE_EQ(schedule.factor(4), 0.25);
}

TEST(Schedule, GoesOnFromItsState) {
  const ScheduleOptions options = {.decay = Decay::kPlateau, .patience = 1};
  Schedule whole(options);
  const double losses[] = {3, 2, 2, 2, 1, 1, 1, 1};
  for (std::size_t cut = 0; cut < 8; ++cut) {
    Schedule resumed(options);
    resumed.restore(whole.state());
    resumed.observe(losses[cut]);
    whole.observe(losses[cut]);
    EXPECT_EQ(resumed.state(), whole.state());
  }
  EXPECT_LT(whole.factor(0), 1.0);
}

TEST(Schedule, RefusesWhatHasNoMeaning) {
  EXPECT_THROW(Schedule({.decay = Decay::kCosine, .warmup = 5, .steps = 5}), Error);
  EXPECT_THROW(Schedule({.decay = Decay::kLinear}), Error);
  EXPECT_THROW(Schedule({.decay = Decay::kConstant, .floor = 1.5}), Error);
  EXPECT_THROW(Schedule({.decay = Decay::kPlateau, .shrink = 1.0}), Error);
  EXPECT_THROW(Schedule({.decay = Decay::kPlateau, .threshold = std::nan("")}), Error);
}

}  // namespace
}  // namespace frugal::train
