#include "frugal/study/record.h"

#include <gtest/gtest.h>

#include "frugal/meter/fake.h"
#include "tests/support/temp_folder.h"

namespace frugal::study {
namespace {

// A study of two plans: the file as given, and a rounding that was chosen.
class RecordTest : public testing::Test {
 protected:
  RecordTest() : ledger_(folder_ / "ledger.sqlite") {
    options_.model = "models/m.gguf";
    options_.text = "texts/t.txt";
    options_.kernels = &kernels::choose_kernels("scalar");
    options_.command = "frugal optimize m.gguf";
    result_.plans.resize(2);
    PlanResult& baseline = result_.plans[0];
    baseline.transform = "as is";
    baseline.threads = 2;
    baseline.baseline = true;
    baseline.score.nll = 3.0;
    baseline.joules_samples = {2.0, 4.0};
    baseline.rate_samples = {10.0, 10.0};
    PlanResult& rounded = result_.plans[1];
    rounded.transform = "Q8_0";
    rounded.joules_samples = {1.0, 1.0};
    rounded.rate_samples = {20.0, 20.0};
    rounded.score.nll = 3.01;
    rounded.decision = Decision::kChosen;
    rounded.reason = "fewest joules";
    rounded.comparison.emplace();
    rounded.comparison->nll_increase = summarise(std::vector{0.01, 0.01, 0.01});
    rounded.comparison->kld = 0.002;
    result_.chosen = 1;
    result_.limit_nats = 0.03;
    result_.quality = meter::Quality::kMeasured;
    result_.verdict = "Q8_0 it is.";
  }

  ledger::RunId record(const meter::Reading& search) {
    const ledger::RunId study = begin_study(ledger_, options_, result_, meter_);
    record_study(ledger_, study, options_, result_, search);
    return study;
  }

  test::TempFolder folder_;
  ledger::Ledger ledger_;
  meter::FakeMeter meter_{Watts(1.0)};
  OptimizeOptions options_;
  OptimizeResult result_;
};

TEST_F(RecordTest, TheStudyTellsItsSettingsAndItsVerdict) {
  const auto run = ledger_.run(record({}));
  ASSERT_TRUE(run);
  EXPECT_EQ(run->info.verb, "optimize");
  EXPECT_EQ(run->info.model, "m.gguf");
  EXPECT_FALSE(run->finished_at.empty());
  EXPECT_EQ(run->note("verdict"), "Q8_0 it is.");
  const Json settings = parse_json(run->info.settings, "settings");
  EXPECT_EQ(settings["text"], "t.txt");
  EXPECT_EQ(settings["isa"], "scalar");
  EXPECT_EQ(settings["meter"]["name"], "fake");
  EXPECT_EQ(settings["meter"]["quality"], "measured");
  EXPECT_EQ(settings["bound"]["limit"], 0.03);
}

TEST_F(RecordTest, EachPlanIsAChildAndTheChosenOneIsNamed) {
  const ledger::RunId study = record({});
  const std::vector<ledger::Run> children = ledger_.children(study);
  ASSERT_EQ(children.size(), 2U);
  EXPECT_EQ(children[0].info.plan, "as is, 2 threads");
  EXPECT_EQ(children[1].info.plan, "Q8_0, 1 thread");
  EXPECT_EQ(children[1].note("decision"), "chosen");
  EXPECT_EQ(children[1].note("reason"), "fewest joules");
  EXPECT_EQ(ledger_.run(study)->note("chosen"), std::to_string(children[1].id));
}

TEST_F(RecordTest, AFigureHasItsIntervalAndItsSamples) {
  const std::vector<ledger::Run> children = ledger_.children(record({}));
  const ledger::Metric* joules = children.at(0).metric("joules_per_token");
  ASSERT_NE(joules, nullptr);
  EXPECT_EQ(joules->value, 3.0);
  EXPECT_EQ(joules->count, 2);
  ASSERT_TRUE(joules->low && joules->high);
  EXPECT_NEAR(*joules->high - 3.0, 3.0 - *joules->low, 1e-12);
  EXPECT_GT(*joules->high, 4.0) << "two samples say little";
}

TEST_F(RecordTest, OnlyAPlanThatWasComparedHasADistance) {
  const std::vector<ledger::Run> children = ledger_.children(record({}));
  EXPECT_EQ(children.at(0).metric("kld"), nullptr);
  EXPECT_EQ(children.at(0).metric("nll_increase"), nullptr);
  ASSERT_NE(children.at(1).metric("nll_increase"), nullptr);
  EXPECT_FALSE(children[1].metric("nll_increase")->low) << "the bound is one-sided";
  EXPECT_NEAR(*children[1].metric("nll_increase")->high, 0.01, 1e-12);
  EXPECT_EQ(children[1].metric("kld")->value, 0.002);
}

TEST_F(RecordTest, TheSearchsOwnJoulesAreThereWhenTheyWereRead) {
  meter::Reading search;
  search.time = Seconds(7.0);
  const auto unread = ledger_.run(record(search));
  EXPECT_EQ(unread->metric("search_energy_j"), nullptr);
  EXPECT_EQ(unread->metric("search_time_s")->value, 7.0);
  search.quality = meter::Quality::kMeasured;
  search.energy = Joules(70.0);
  search.uncertainty = Joules(2.0);
  const auto read = ledger_.run(record(search));
  EXPECT_EQ(read->metric("search_energy_j")->value, 70.0);
  EXPECT_EQ(read->metric("search_energy_j")->std_err, 2.0);
}

TEST_F(RecordTest, ThePlanSaysWhatToRunAndWhy) {
  const Json plan = plan_json(options_, result_);
  EXPECT_EQ(plan["model"]["source"], "m.gguf");
  EXPECT_EQ(plan["model"]["transforms"][0]["type"], "Q8_0");
  EXPECT_EQ(plan["runtime"]["threads"], 1);
  EXPECT_EQ(plan["evidence"]["baseline"]["joules_per_token"], 3.0);
  EXPECT_EQ(plan["evidence"]["chosen"]["tokens_per_s"], 20.0);
  EXPECT_EQ(plan["evidence"]["bound"]["held"], true);
  result_.limit_nats = 0.005;
  EXPECT_EQ(plan_json(options_, result_)["evidence"]["bound"]["held"], false);
}

TEST_F(RecordTest, APlanThatKeepsTheFileTransformsNothing) {
  result_.chosen = 0;
  const Json plan = plan_json(options_, result_);
  EXPECT_EQ(plan["model"]["transforms"], Json::array());
  EXPECT_EQ(plan["evidence"]["bound"]["upper95"], 0.0);
}

TEST_F(RecordTest, AModelMayBeAFolderWithASlashAtItsEnd) {
  options_.model = "models/qwen/";
  EXPECT_EQ(plan_json(options_, result_)["model"]["source"], "qwen");
  EXPECT_EQ(ledger_.run(record({}))->info.model, "qwen");
}

}  // namespace
}  // namespace frugal::study
