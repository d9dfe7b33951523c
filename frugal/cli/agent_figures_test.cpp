#include "frugal/cli/agent_figures.h"

#include <gtest/gtest.h>

namespace frugal::cli {
namespace {

// Two tasks of two scenarios, each tried twice; three of the four trials succeed.
class AgentFigures : public testing::Test {
 protected:
  AgentFigures() {
    tasks_.resize(2);
    tasks_[0].scenario = "finance";
    tasks_[0].intent = "transfer";
    tasks_[1].scenario = "tutoring";
    tasks_[1].intent = "quiz";
    for (std::size_t i = 0; i < 4; ++i) {
      agent::Outcome outcome;
      outcome.task = i / 2;
      outcome.trial = i % 2;
      outcome.success = i != 3;
      outcome.status = i == 3 ? agent::Status::kStepLimit : agent::Status::kAnswered;
      outcome.prompt_tokens = 100;
      outcome.output_tokens = 10;
      outcomes_.push_back(outcome);
    }
  }

  // 12 J in 4 s, of which decoding was busy for 3.
  static account::Receipt weighed() {
    meter::Reading reading;
    reading.domain = "package-0";
    reading.quality = meter::Quality::kMeasured;
    reading.energy = Joules(12.0);
    reading.uncertainty = Joules(0.6);
    reading.time = Seconds(4.0);
    return account::attribute({reading}, work());
  }
  static Work work() {
    Work work;
    work[Phase::kDecode].output_tokens = 40;
    work[Phase::kDecode].time = Seconds(3.0);
    return work;
  }

  std::vector<agent::Task> tasks_;
  std::vector<agent::Outcome> outcomes_;
};

TEST_F(AgentFigures, CountTrialsAndSuccesses) {
  const Json json = agent_json(tasks_, outcomes_, weighed());
  EXPECT_FALSE(json.contains("name"));
  EXPECT_EQ(json["tasks"], 2);
  EXPECT_EQ(json["trials"], 4);
  EXPECT_EQ(json["successes"], 3);
  EXPECT_DOUBLE_EQ(json["success"], 0.75);
  EXPECT_LT(json["success_low"], 0.75);
  EXPECT_GT(json["success_high"], 0.75);
  EXPECT_EQ(json["statuses"], Json({{"answered", 3}, {"step_limit", 1}}));
  EXPECT_EQ(json["prompt_tokens"], 400);
  EXPECT_EQ(json["output_tokens"], 40);
}

TEST_F(AgentFigures, PassCountsTasksThatSucceedEveryTime) {
  const Json json = agent_json(tasks_, outcomes_, weighed());
  ASSERT_EQ(json["pass"].size(), 2U);
  EXPECT_DOUBLE_EQ(json["pass"][0], 0.75);
  EXPECT_DOUBLE_EQ(json["pass"][1], 0.5) << "one of two tasks, both times";
}

TEST_F(AgentFigures, EachScenarioAndIntentHasItsOwn) {
  const Json json = agent_json(tasks_, outcomes_, weighed());
  ASSERT_EQ(json["scenarios"].size(), 2U);
  EXPECT_EQ(json["scenarios"][0]["name"], "finance");
  EXPECT_EQ(json["scenarios"][0]["successes"], 2);
  EXPECT_EQ(json["scenarios"][1]["successes"], 1);
  ASSERT_EQ(json["intents"].size(), 2U);
  EXPECT_EQ(json["intents"][1]["name"], "tutoring/quiz");
}

TEST_F(AgentFigures, EnergyIsSharedByTrialsAndBySolvedTrials) {
  const Json json = agent_json(tasks_, outcomes_, weighed());
  EXPECT_DOUBLE_EQ(json["per_task"]["energy_j"], 3.0);
  EXPECT_DOUBLE_EQ(json["per_task"]["energy_j_std"], 0.15);
  EXPECT_DOUBLE_EQ(json["per_solved_task"]["energy_j"], 4.0);
  EXPECT_EQ(json["per_task"]["quality"], "measured");
  EXPECT_DOUBLE_EQ(json["per_solved_task"]["phases"]["decode"]["energy_j"], 3.0);
  EXPECT_DOUBLE_EQ(json["per_solved_task"]["phases"]["idle"]["energy_j"], 1.0);
  EXPECT_FALSE(json["per_task"]["phases"].contains("prefill")) << "there was none";
  EXPECT_DOUBLE_EQ(json["receipt"]["energy_j"], 12.0);
}

TEST_F(AgentFigures, WithoutASuccessNothingIsPerSolvedTask) {
  for (agent::Outcome& outcome : outcomes_) outcome.success = false;
  EXPECT_FALSE(agent_json(tasks_, outcomes_, weighed()).contains("per_solved_task"));
  EXPECT_EQ(agent_text(tasks_, outcomes_, weighed()).find("per solved task"), std::string::npos);
}

TEST_F(AgentFigures, AnUnknownEnergyIsAbsentAndSaidInWords) {
  const account::Receipt unknown = account::attribute({meter::Reading{}}, work());
  const Json json = agent_json(tasks_, outcomes_, unknown);
  EXPECT_FALSE(json.contains("per_task"));
  EXPECT_FALSE(json.contains("per_solved_task"));
  const std::string text = agent_text(tasks_, outcomes_, unknown);
  EXPECT_NE(text.find("energy unknown"), std::string::npos) << text;
  EXPECT_EQ(text.find("per task"), std::string::npos) << text;
}

TEST_F(AgentFigures, PeopleReadARowForEachScenarioAndOneForAll) {
  const std::string text = agent_text(tasks_, outcomes_, weighed());
  for (const char* part :
       {"pass^1", "pass^2", "finance", "tutoring", "all ", "75.0 %", "answered 3", "step_limit 1",
        "40 written", "per task", "per solved task", "(measured)", "decode", "idle"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

}  // namespace
}  // namespace frugal::cli
