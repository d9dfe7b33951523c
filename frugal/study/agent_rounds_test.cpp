#include "frugal/study/agent_rounds.h"

#include <gtest/gtest.h>

#include <map>

#include "frugal/base/error.h"

namespace frugal::study {
namespace {

meter::Reading reading(double joules) {
  meter::Reading one;
  one.domain = "package";
  one.energy = Joules(joules);
  one.time = Seconds(1.0);
  one.quality = meter::Quality::kMeasured;
  return one;
}

// Setting i takes i + 1 joules a task and solves all of them.
WeighedTasks run(std::size_t setting, std::span<const agent::Task> tasks) {
  WeighedTasks weighed;
  weighed.success.assign(tasks.size(), true);
  weighed.readings = {reading(static_cast<double>((setting + 1) * tasks.size()))};
  return weighed;
}

TEST(SettingsInRound, AreHalvedDownToTheFinalists) {
  const std::size_t expected[] = {25, 13, 7, 7, 4, 4, 4, 4, 4, 4};
  for (std::size_t round = 0; round < 10; ++round) {
    EXPECT_EQ(settings_in_round(25, 4, round), expected[round]) << round;
  }
  EXPECT_EQ(settings_in_round(3, 4, 9), 3U);
}

TEST(WeighSettings, KeepsTheCheapestAndAlwaysTheBaseline) {
  const std::vector<agent::Task> tasks(70);
  std::map<std::size_t, std::size_t> seen;
  const auto scores = weigh_settings(9, tasks,
                                     [&](std::size_t setting, std::span<const agent::Task> chunk) {
                                       seen[setting] += chunk.size();
                                       // The baseline, number 0, is the dearest.
                                       return run(setting == 0 ? 20 : setting, chunk);
                                     },
                                     {.tasks_per_round = 15, .finalists = 3});
  EXPECT_EQ(seen[0], 70U);
  EXPECT_EQ(seen[1], 70U);
  EXPECT_EQ(seen[2], 70U);
  EXPECT_EQ(seen[8], 15U);
  EXPECT_FALSE(scores[0].stopped || scores[1].stopped || scores[2].stopped);
  EXPECT_TRUE(scores[3].stopped && scores[8].stopped);
  EXPECT_EQ(scores[1].joules.size(), 5U);
  EXPECT_EQ(scores[1].solved.back(), 10.0);
  EXPECT_EQ(scores[1].tasks(), 70U);
  EXPECT_DOUBLE_EQ(scores[1].joules_per_solved()->mean, 2.0);
  EXPECT_DOUBLE_EQ(scores[1].receipt.total.energy.value(), 140.0);
}

TEST(WeighSettings, CannotWeighWithoutAReading) {
  const std::vector<agent::Task> tasks(4);
  const auto silent = [](std::size_t setting, std::span<const agent::Task> chunk) {
    WeighedTasks weighed = run(setting, chunk);
    weighed.readings[0].quality = meter::Quality::kUnavailable;
    weighed.readings[0].note = "no counter";
    return weighed;
  };
  EXPECT_THROW((void)weigh_settings(2, tasks, silent, {.tasks_per_round = 2}), Error);
}

TEST(WeighSettings, TellsHowFarItIs) {
  const std::vector<agent::Task> tasks(60);
  std::size_t told = 0;
  (void)weigh_settings(8, tasks, run,
                       {.tasks_per_round = 15,
                        .finalists = 2,
                        .stage = "choose",
                        .progress = [&](const ProgressUpdate& update) {
                          EXPECT_EQ(update.done, told++);
                          EXPECT_EQ(update.total, 8U + 4U + 2U + 2U);
                        }});
  EXPECT_EQ(told, 16U);
}

}  // namespace
}  // namespace frugal::study
