#include <gtest/gtest.h>

#include "frugal/report/page.h"
#include "frugal/report/sample_study.h"

namespace frugal::report {
namespace {

Json data_of(const std::vector<ledger::Run>& runs) {
  return chart_data(read_study(runs.front(), runs));
}

TEST(ChartData, HoldsTheFiguresOfTheLedger) {
  const std::vector<ledger::Run> runs = sample::runs();
  const Json data = data_of(runs);
  ASSERT_EQ(data["plans"].size(), runs.size() - 1);
  for (std::size_t i = 0; i + 1 < runs.size(); ++i) {
    const Json& plan = data["plans"][i];
    const ledger::Metric& joules = *runs[i + 1].metric("joules_per_token");
    EXPECT_EQ(plan["run"], runs[i + 1].id);
    EXPECT_EQ(plan["label"], runs[i + 1].info.plan);
    EXPECT_EQ(plan["energy"]["value"], joules.value);
    EXPECT_EQ(plan["energy"]["low"], *joules.low);
    EXPECT_EQ(plan["energy"]["high"], *joules.high);
    EXPECT_EQ(plan["quality"], "modelled");
  }
  EXPECT_EQ(data["bound"], 0.0125);
  EXPECT_EQ(data["energy_scale"]["unit"], "mJ");
}

TEST(ChartData, PutsTheBaselineAtZeroWithoutABar) {
  const Json plan = data_of(sample::runs())["plans"][0];
  EXPECT_EQ(plan["baseline"], true);
  EXPECT_EQ(plan["loss"]["value"], 0.0);
  EXPECT_TRUE(plan["loss"]["high"].is_null());
}

TEST(ChartData, MirrorsTheBoundOfTheLoss) {
  const std::vector<ledger::Run> runs = sample::runs();
  const Json loss = data_of(runs)["plans"][5]["loss"];
  const ledger::Metric& increase = *runs[6].metric("nll_increase");
  EXPECT_EQ(loss["high"], *increase.high);
  EXPECT_NEAR(increase.value - loss["low"].get<double>(), *increase.high - increase.value, 1e-15);
}

TEST(ChartData, SharesTheRunOutOverThePhases) {
  const Json data = data_of(sample::runs());
  EXPECT_EQ(data["phases"], Json({"prefill", "decode", "idle"}));
  for (const Json& plan : data["plans"]) {
    double sum = 0.0;
    for (const auto& [phase, joules] : plan["phases_j"].items()) sum += joules.get<double>();
    EXPECT_NEAR(sum, 32.0 * plan["energy"]["value"].get<double>(), 1e-12);
  }
}

TEST(ChartData, IsNullWhereSomethingIsUnknown) {
  std::vector<ledger::Run> runs = sample::runs();
  runs[2].receipt->total.quality = meter::Quality::kUnavailable;
  runs[3].metrics.clear();
  runs[3].receipt.reset();
  const Json data = data_of(runs);
  EXPECT_TRUE(data["plans"][1]["energy"].is_null());
  EXPECT_TRUE(data["plans"][1]["phases_j"].is_null());
  EXPECT_TRUE(data["plans"][2]["energy"].is_null());
  EXPECT_TRUE(data["plans"][2]["loss"].is_null());
  EXPECT_EQ(data["plans"][2]["quality"], "modelled") << "the study's meter, without a receipt";
}

TEST(ChartData, MarksTheNamedRunAsChosen) {
  std::vector<ledger::Run> runs = sample::runs();
  runs.front().notes = {{"chosen", "2"}};
  EXPECT_EQ(data_of(runs)["plans"][0]["decision"], "chosen");
}

TEST(ChartData, MakesControlCharactersInLabelsVisible) {
  std::vector<ledger::Run> runs = sample::runs();
  runs[1].info.plan = "a\x1b\n\xff";
  EXPECT_EQ(data_of(runs)["plans"][0]["label"], "a\\x1b\\x0a\\xff");
}

}  // namespace
}  // namespace frugal::report
