#include "frugal/report/study.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frugal/report/sample_study.h"

namespace frugal::report {
namespace {

std::vector<std::string> labels(const Study& study, const std::vector<std::size_t>& indices) {
  std::vector<std::string> out;
  for (const std::size_t i : indices) out.push_back(study.plans[i].label);
  return out;
}

TEST(LatestStudy, IsTheFinishedOptimizeRunWithTheHighestId) {
  std::vector<ledger::Run> runs = sample::runs();
  ASSERT_NE(latest_study(runs), nullptr);
  EXPECT_EQ(latest_study(runs)->id, 1);
  ledger::Run second = runs.front();
  second.id = 20;
  runs.push_back(second);
  EXPECT_EQ(latest_study(runs)->id, 20);
  runs.back().finished_at.clear();
  EXPECT_EQ(latest_study(runs)->id, 1);
}

TEST(LatestStudy, IsNothingWithoutOne) {
  std::vector<ledger::Run> runs = sample::runs();
  runs.erase(runs.begin());
  EXPECT_EQ(latest_study(runs), nullptr) << "plans alone are no study";
  EXPECT_EQ(latest_study({}), nullptr);
}

TEST(ReadStudy, FindsPlansBaselineAndChoice) {
  const std::vector<ledger::Run> runs = sample::runs();
  const Study study = read_study(runs.front(), runs);
  ASSERT_EQ(study.plans.size(), sample::plans().size());
  ASSERT_NE(study.baseline_plan(), nullptr);
  EXPECT_EQ(study.baseline_plan()->label, "as is, 1 thread");
  ASSERT_NE(study.chosen_plan(), nullptr);
  EXPECT_EQ(study.chosen_plan()->label, "Q4_K, 2 threads");
  EXPECT_EQ(study.chosen_plan()->decision, Decision::kChosen);
  EXPECT_DOUBLE_EQ(study.chosen_plan()->energy->value, 0.0171);
  EXPECT_EQ(study.bound, 0.0125);
  EXPECT_EQ(study.output_tokens, 32.0);
  EXPECT_EQ(study.text, "story.txt");
  EXPECT_EQ(study.seed, "1");
  EXPECT_EQ(study.meter_quality, "modelled");
}

TEST(ReadStudy, TakesOnlyItsOwnPlans) {
  std::vector<ledger::Run> runs = sample::runs();
  runs[3].parent = 99;
  EXPECT_EQ(read_study(runs.front(), runs).plans.size(), sample::plans().size() - 1);
}

TEST(ReadStudy, FallsBackToTheDecisionWhereNoRunIsNamed) {
  std::vector<ledger::Run> runs = sample::runs();
  runs.front().notes.clear();
  EXPECT_EQ(read_study(runs.front(), runs).chosen_plan()->label, "Q4_K, 2 threads");
}

TEST(ReadStudy, HasNoChoiceWhereTheNamedRunIsNotThere) {
  std::vector<ledger::Run> runs = sample::runs();
  runs.front().notes = {{"chosen", "4711"}};
  EXPECT_EQ(read_study(runs.front(), runs).chosen_plan(), nullptr);
}

TEST(ReadStudy, LivesWithSettingsThatAreNotWhatTheyShouldBe) {
  for (const std::string_view settings :
       {"", "not json", "[]", "{\"bound\":7,\"workload\":[],\"meter\":\"x\",\"text\":{}}",
        "{\"bound\":{\"limit\":\"a\"},\"workload\":{\"output_tokens\":null}}"}) {
    std::vector<ledger::Run> runs = sample::runs();
    for (ledger::Run& run : runs) run.info.settings = settings;
    const Study study = read_study(runs.front(), runs);
    EXPECT_EQ(study.plans.size(), sample::plans().size()) << settings;
    EXPECT_FALSE(study.bound) << settings;
    EXPECT_FALSE(study.output_tokens) << settings;
    EXPECT_EQ(study.baseline_plan(), nullptr) << settings;
  }
}

TEST(ReadStudy, SurvivesDeeplyNestedSettings) {
  std::vector<ledger::Run> runs = sample::runs();
  constexpr std::size_t kDepth = 100'000;
  runs.front().info.settings =
      "{\"text\":" + std::string(kDepth, '[') + std::string(kDepth, ']') + "}";
  EXPECT_EQ(read_study(runs.front(), runs).text, "");
}

TEST(ReadStudy, KnowsNoJoulesWhereTheMeterWasUnavailable) {
  std::vector<ledger::Run> runs = sample::runs();
  runs[1].receipt->total.quality = meter::Quality::kUnavailable;
  const Study study = read_study(runs.front(), runs);
  EXPECT_FALSE(study.plans[0].energy);
  EXPECT_FALSE(study.plans[0].has_receipt());
  EXPECT_TRUE(study.plans[1].has_receipt());
}

TEST(ParetoFront, HoldsWhatNoOtherPlanBeats) {
  const std::vector<ledger::Run> runs = sample::runs();
  const Study study = read_study(runs.front(), runs);
  const std::vector<std::string> wanted = {"as is, 1 thread", "F16, 1 thread",   "Q8_0, 1 thread",
                                           "Q4_K, 2 threads", "Q4_0, 2 threads", "Q3_K, 2 threads"};
  EXPECT_EQ(labels(study, pareto_front(study.plans)), wanted);
}

TEST(ParetoFront, AgreesWithItsDefinitionOnAGrid) {
  ledger::Run run;
  std::vector<Plan> plans;
  for (int i = 0; i < 60; ++i) {
    Plan plan;
    plan.run = &run;
    plan.energy = Figure{.value = (i * 37) % 11 + 1.0, .low = {}, .high = {}};
    plan.lost = Figure{.value = (i * 53) % 13 * 0.1, .low = {}, .high = {}};
    plans.push_back(plan);
  }
  const std::vector<std::size_t> front = pareto_front(plans);
  ASSERT_FALSE(front.empty());
  const auto beats = [](const Plan& a, const Plan& b) {
    const double dx = b.energy->value - a.energy->value;
    const double dy = *b.loss() - *a.loss();
    return dx >= 0.0 && dy >= 0.0 && (dx > 0.0 || dy > 0.0);
  };
  for (std::size_t i = 0; i < plans.size(); ++i) {
    bool beaten = false;
    for (const Plan& other : plans) beaten = beaten || beats(other, plans[i]);
    if (std::find(front.begin(), front.end(), i) != front.end()) {
      EXPECT_FALSE(beaten) << i;
    } else {
      // What is left out is beaten, or the same as one that is in.
      const bool twin = std::any_of(front.begin(), front.end(), [&](std::size_t j) {
        return plans[j].energy->value == plans[i].energy->value &&
               *plans[j].loss() == *plans[i].loss();
      });
      EXPECT_TRUE(beaten || twin) << i;
    }
  }
}

TEST(ParetoFront, LeavesOutPlansWithUnknownFigures) {
  std::vector<ledger::Run> runs = sample::runs();
  for (ledger::Run& run : runs) run.metrics.clear();
  EXPECT_TRUE(pareto_front(read_study(runs.front(), runs).plans).empty());
}

TEST(EnergyRatio, IsChosenToBaseline) {
  const std::vector<ledger::Run> runs = sample::runs();
  const auto found = energy_ratio(read_study(runs.front(), runs));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->value, 0.0171 / 0.0412, 1e-12);
}

TEST(Payback, DividesTheSearchByTheSaving) {
  const std::vector<ledger::Run> runs = sample::runs();
  const auto back = payback(read_study(runs.front(), runs));
  ASSERT_TRUE(back && back->count);
  const double saved = 0.0412 - 0.0171;
  const double half = std::hypot(0.02 * 0.0412, 0.02 * 0.0171);
  EXPECT_NEAR(back->count->value, 4210.0 / saved, 1e-6);
  EXPECT_NEAR(*back->count->low, 4210.0 / (saved + half), 1e-6);
  EXPECT_NEAR(*back->count->high, 4210.0 / (saved - half), 1e-6);
}

TEST(Payback, PromisesNothingWithinTheSpread) {
  std::vector<ledger::Run> runs = sample::runs();
  runs.front().notes = {{"chosen", "3"}};  // costs more than the baseline
  const auto back = payback(read_study(runs.front(), runs));
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->count);
}

TEST(Payback, IsNothingWithoutASearchOrWhenTheBaselineIsKept) {
  std::vector<ledger::Run> runs = sample::runs();
  runs.front().notes = {{"chosen", "2"}};
  EXPECT_FALSE(payback(read_study(runs.front(), runs)));
  runs = sample::runs();
  runs.front().metrics.clear();
  EXPECT_FALSE(payback(read_study(runs.front(), runs)));
}

TEST(UsedPhases, AreThoseThatTookEnergy) {
  const std::vector<ledger::Run> runs = sample::runs();
  const std::vector<Phase> wanted = {Phase::kPrefill, Phase::kDecode, Phase::kIdle};
  EXPECT_EQ(used_phases(read_study(runs.front(), runs)), wanted);
}

}  // namespace
}  // namespace frugal::report
