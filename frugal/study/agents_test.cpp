#include "frugal/study/agents.h"

#include <gtest/gtest.h>

#include <fstream>

#include "frugal/agent/suite.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/thread_pool.h"
#include "frugal/meter/choose.h"
#include "frugal/study/agent_record.h"
#include "tests/support/tiny_model.h"

namespace frugal::study {
namespace {

// Rounds of ten tasks of which the first `solved` are solved.
AgentScore score_of(double joules_per_task, std::size_t solved, std::size_t rounds = 10) {
  AgentScore score;
  for (std::size_t round = 0; round < rounds; ++round) {
    score.joules.push_back(10.0 * joules_per_task);
    score.solved.push_back(static_cast<double>(solved));
    for (std::size_t i = 0; i < 10; ++i) score.success.push_back(i < solved);
  }
  return score;
}

AgentStudyResult result_of(std::vector<AgentScore> scores) {
  AgentStudyResult result;
  for (AgentScore& score : scores) {
    AgentPlanResult plan;
    plan.score = std::move(score);
    result.plans.push_back(std::move(plan));
  }
  return result;
}

TEST(AgentSettings, BeginWithTheBaselineAndHaveNoTwins) {
  const auto settings = agent_settings({"as is", "Q8_0"}, {1, usable_cpus()}, 16);
  EXPECT_EQ(settings.front(), (AgentSetting{"as is", usable_cpus(), 1, false, false}));
  for (std::size_t i = 0; i < settings.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(settings[i] == settings[j]);
  }
  EXPECT_EQ((AgentSetting{"Q8_0", 1, 16, true, true}).label(),
            "Q8_0, 1 thread, 16 agents, prefixes kept, lookup");
}

TEST(JudgeAgents, ChoosesTheFewestJoulesPerSolvedTaskWithinTheBound) {
  auto result = result_of({score_of(4.0, 9), score_of(2.0, 9), score_of(1.0, 7), score_of(3.0, 9),
                           score_of(1.5, 9, 2)});
  result.plans[4].score.stopped = true;
  judge_agents(result, 0.05);
  EXPECT_EQ(result.chosen, 1U);
  EXPECT_EQ(result.plans[1].decision, Decision::kChosen);
  EXPECT_EQ(result.plans[2].decision, Decision::kRefused) << "solves two tasks in ten fewer";
  EXPECT_NEAR(result.plans[2].drop->value, 0.2, 1e-12);
  EXPECT_EQ(result.plans[3].decision, Decision::kAccepted);
  EXPECT_EQ(result.plans[4].decision, Decision::kStopped);
  EXPECT_FALSE(result.plans[0].drop);
}

TEST(JudgeAgents, KeepsTheBaselineWhenNothingIsSurelyCheaper) {
  auto result = result_of({score_of(2.0, 9), score_of(2.5, 9), score_of(1.0, 0)});
  judge_agents(result, 1.0);
  EXPECT_EQ(result.chosen, 0U);
  EXPECT_EQ(result.plans[0].decision, Decision::kChosen);
  EXPECT_EQ(result.plans[2].decision, Decision::kRefused) << "solves nothing";
}

TEST(AgentPlanJson, NamesTheSettingAndTheEvidenceOfTheTestTasks) {
  auto result = result_of({score_of(4.0, 9), score_of(1.0, 9)});
  result.plans[1].setting = {"Q8_0", 2, 16, true, false};
  judge_agents(result, 0.05);
  for (AgentPlanResult& plan : result.plans) plan.test = plan.score;
  AgentStudyOptions options;
  options.model = "folder/m.gguf";
  options.suite = "validation.jsonl";
  options.test = "test.jsonl";
  options.max_drop = 0.05;
  options.kernels = &kernels::choose_kernels("");
  const Json json = agent_plan_json(options, result);
  EXPECT_EQ(json["model"]["source"], "m.gguf");
  EXPECT_EQ(json["model"]["transforms"][0]["type"], "Q8_0");
  EXPECT_EQ(json["runtime"]["agents"], 16);
  EXPECT_EQ(json["runtime"]["prefixes_kept"], true);
  EXPECT_EQ(json["evidence"]["suite"], "test.jsonl");
  EXPECT_EQ(json["evidence"]["chosen"]["tasks"], 100);
  EXPECT_NEAR(json["evidence"]["chosen"]["joules_per_solved_task"], 10.0 / 9.0, 1e-12);
}

class AgentStudyTest : public testing::Test {
 protected:
  AgentStudyTest() {
    options_.model = test::write_tiny_model(folder_ / "m.gguf", {.type = DType::kF16});
    options_.suite = folder_ / "suite.jsonl";
    std::ofstream suite(options_.suite);
    for (const agent::Task& task : agent::make_tasks(agent::Split::kValidation, 1, 6)) {
      suite << agent::suite_line(task);
    }
    options_.out_dir = folder_ / "out";
    options_.threads = {1};
    options_.tasks_per_round = 2;
    options_.make_meter = [] {
      meter::MeterOptions meter;
      meter.name = "model";
      return meter::choose_meter(meter);
    };
  }

  test::TempFolder folder_;
  AgentStudyOptions options_;
};

TEST_F(AgentStudyTest, SaysThatAModelSolvesNothing) {
  try {
    (void)optimize_agents(options_);
    FAIL() << "a random model solves no task";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("solves none of 6 tasks"), std::string::npos)
        << error.what();
  }
  EXPECT_FALSE(std::filesystem::exists(options_.out_dir / "model.gguf"));
  EXPECT_FALSE(std::filesystem::exists(options_.out_dir / ".optimize"));
}

TEST_F(AgentStudyTest, NeedsTwoRoundsOfTasks) {
  options_.tasks_per_round = 4;
  EXPECT_THROW((void)optimize_agents(options_), Error);
}

}  // namespace
}  // namespace frugal::study
