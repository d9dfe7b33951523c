#include "frugal/agent/groups.h"

#include <gtest/gtest.h>

namespace frugal::agent {
namespace {

Outcome outcome_of(std::size_t task, std::size_t trial, bool success) {
  Outcome outcome;
  outcome.task = task;
  outcome.trial = trial;
  outcome.success = success;
  outcome.status = success ? Status::kAnswered : Status::kMalformed;
  outcome.prompt_tokens = 100;
  outcome.output_tokens = 10;
  return outcome;
}

TEST(ScoreGroups, CountsByScenarioAndByIntent) {
  std::vector<Task> tasks(3);
  tasks[0].scenario = tasks[1].scenario = "a";
  tasks[2].scenario = "b";
  tasks[0].intent = "x";
  tasks[1].intent = tasks[2].intent = "y";
  const std::vector<Outcome> outcomes = {outcome_of(0, 0, true),  outcome_of(0, 1, true),
                                         outcome_of(1, 0, true),  outcome_of(1, 1, false),
                                         outcome_of(2, 0, false), outcome_of(2, 1, false)};
  const auto all = score_groups(tasks, outcomes, Grouping::kAll);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "all");
  EXPECT_EQ(all[0].tasks, 3U);
  EXPECT_EQ(all[0].trials, 6U);
  EXPECT_EQ(all[0].successes, 3U);
  EXPECT_DOUBLE_EQ(all[0].success.value, 0.5);
  EXPECT_LT(all[0].success.low, 0.5);
  EXPECT_EQ(all[0].pass, (std::vector<double>{0.5, 1.0 / 3}));
  EXPECT_EQ(all[0].statuses.at(Status::kMalformed), 3U);
  EXPECT_EQ(all[0].prompt_tokens, 600U);
  EXPECT_EQ(all[0].output_tokens, 60U);

  const auto scenarios = score_groups(tasks, outcomes, Grouping::kScenario);
  ASSERT_EQ(scenarios.size(), 2U);
  EXPECT_EQ(scenarios[0].name, "a");
  EXPECT_EQ(scenarios[0].pass, (std::vector<double>{0.75, 0.5}));
  EXPECT_EQ(scenarios[1].successes, 0U);

  const auto intents = score_groups(tasks, outcomes, Grouping::kIntent);
  ASSERT_EQ(intents.size(), 3U);
  EXPECT_EQ(intents[0].name, "a/x");
  EXPECT_EQ(intents[2].name, "b/y");
}

TEST(ScoreGroups, OfNothingThereAreNone) {
  EXPECT_TRUE(score_groups({}, {}, Grouping::kScenario).empty());
}

}  // namespace
}  // namespace frugal::agent
