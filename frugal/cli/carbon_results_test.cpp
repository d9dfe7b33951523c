#include "frugal/cli/carbon_results.h"

#include <gtest/gtest.h>

#include "frugal/carbon/grid.h"
#include "tests/support/temp_folder.h"

namespace frugal::cli {
namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

meter::Reading a_reading(double joules) {
  return {.domain = "package-0",
          .boundary = meter::Boundary::kHost,
          .quality = meter::Quality::kMeasured,
          .energy = Joules(joules),
          .uncertainty = Joules(0.05 * joules),
          .time = Seconds(60.0),
          .note = ""};
}

ledger::Run a_run() {
  Work work;
  work[Phase::kDecode].output_tokens = 500;
  work[Phase::kDecode].time = Seconds(50.0);
  ledger::Run run;
  run.id = 3;
  run.started_at = "2026-11-20T16:00:00Z";
  run.finished_at = "2026-11-20T16:01:00Z";
  run.info.verb = "agent";
  run.info.model = "m.gguf";
  run.info.machine = R"({"cpus":4,"memory_bytes":8000000000})";
  run.receipt = account::attribute({a_reading(7200.0)}, work);
  ledger::Metric success;
  success.name = "success";
  success.value = 0.75;
  success.count = 20;
  run.metrics = {success};
  return run;
}

carbon::FactorSet german() {
  carbon::FactorSet set;
  set.intensity = carbon::find_zone({}, {.zone = "DE"});
  set.tariff = carbon::Tariff{.currency = "EUR", .per_kwh = 0.32, .source = "bill"};
  return set;
}

TEST(CarbonResults, ADoubtThatNobodyStatedIsNotZero) {
  meter::Reading typed = a_reading(3.6e6);
  typed.uncertainty = Joules(0.0);
  CarbonResult result{.run = {},
                      .label = {},
                      .impact = carbon::assess(typed, german()),
                      .unknown = {},
                      .doubt_stated = false,
                      .sci = {},
                      .compared = {}};
  EXPECT_TRUE(holds(text_of(result), "3.60 MJ, ± not stated (measured)")) << text_of(result);
  EXPECT_FALSE(holds(text_of(result), "± 0 J"));
  EXPECT_FALSE(json_of(result)["impact"].contains("energy_j_std"));
  EXPECT_TRUE(json_of(result)["impact"].contains("energy_j"));
  result.doubt_stated = true;
  EXPECT_TRUE(json_of(result)["impact"].contains("energy_j_std"));
}

TEST(CarbonResults, ARunHasGramsMoneyAndScores) {
  const CarbonResult result = carbon_of_run(a_run(), german(), std::nullopt);
  EXPECT_NEAR(result.impact.carbon->value.value(), 0.002 * 381.0, 1e-12);
  EXPECT_NEAR(result.impact.cost->value.value(), 0.002 * 0.32, 1e-12);
  ASSERT_EQ(result.sci.size(), 3U);
  EXPECT_NEAR(result.sci[0].score.value.value(), 0.762 / 20.0, 1e-12);
  EXPECT_EQ(result.sci[0].unit.name, "workflow");
  EXPECT_NEAR(result.sci[1].score.value.value(), 0.762 / 15.0, 1e-12);
  EXPECT_EQ(result.sci[1].unit.name, "solved workflow");
  EXPECT_NEAR(result.sci[2].score.value.value(), 0.762 / 500.0, 1e-12);
  EXPECT_TRUE(result.compared.empty());
}

TEST(CarbonResults, AnUnweighedRunSaysWhy) {
  ledger::Run run = a_run();
  run.receipt.reset();
  const CarbonResult result = carbon_of_run(run, german(), std::nullopt);
  EXPECT_EQ(result.unknown, "nothing was weighed");
  EXPECT_TRUE(result.sci.empty());
  EXPECT_TRUE(holds(text_of(result), "energy       unknown: nothing was weighed"))
      << text_of(result);
  EXPECT_FALSE(json_of(result)["impact"].contains("carbon_gco2e"));
}

TEST(CarbonResults, TextSaysWhatIsKnownAndHowWell) {
  const std::string text = text_of(carbon_of_run(a_run(), german(), std::nullopt));
  EXPECT_TRUE(holds(text, "run 3: agent m.gguf\n")) << text;
  EXPECT_TRUE(holds(text, "energy       7.20 kJ ± 360 J (measured), host\n")) << text;
  EXPECT_TRUE(holds(text, "carbon       762 mg CO2e ± 122 mg CO2e (derived)\n") ||
              holds(text, "carbon       762 mg CO2e ± 121 mg CO2e (derived)\n"))
      << text;
  EXPECT_TRUE(holds(text, "cost         0.00064 ± 3.2e-05 EUR (derived)\n")) << text;
  EXPECT_TRUE(holds(text, "Germany, 2023, 381 ± 58 g/kWh (average, lifecycle)")) << text;
  EXPECT_TRUE(holds(text, "to know      no PUE was stated")) << text;
}

TEST(CarbonResults, TheComparisonTakesWhatTheLedgerKnows) {
  carbon::estimators::ComparedRun asked;
  asked.load = 0.5;
  const CarbonResult result = carbon_of_run(a_run(), german(), asked);
  ASSERT_FALSE(result.compared.empty());
  // 4 W on each of 4 CPUs, 10 W for 8 GB, 60 s (the receipt's span).
  EXPECT_NEAR(result.compared[0].energy->value(), (16.0 * 0.2125 + 10.0) * 60.0, 1e-9);
  EXPECT_TRUE(holds(text_of(result), "comparison only")) << text_of(result);
  EXPECT_TRUE(json_of(result).contains("compared"));
}

TEST(CarbonResults, AMachineThatMeansNothingIsNoFault) {
  ledger::Run run = a_run();
  for (const char* machine : {"", "7", "[]", R"({"cpus":-4,"memory_bytes":"much"})",
                              R"({"cpus":1e300,"memory_bytes":null})"}) {
    run.info.machine = machine;
    EXPECT_NO_THROW((void)carbon_of_run(run, german(), carbon::estimators::ComparedRun{}))
        << machine;
  }
}

TEST(CarbonResults, FiguresAndFactorsAreRecordedTogether) {
  const test::TempFolder folder;
  ledger::Ledger ledger(folder / "l.sqlite");
  const ledger::RunId id = ledger.begin({.verb = "agent",
                                         .command = "",
                                         .model = "",
                                         .plan = "",
                                         .settings = "{}",
                                         .machine = "{}",
                                         .version = ""});
  ledger.finish(id);
  ledger::Run run = a_run();
  run.id = id;
  record(ledger, carbon_of_run(run, german(), std::nullopt));
  const Json note = parse_json(ledger.run(id)->note("impact"), "note");
  EXPECT_NEAR(note["carbon_gco2e"].get<double>(), 0.762, 1e-12);
  EXPECT_GT(note["carbon_gco2e_std"].get<double>(), 0.1);
  EXPECT_EQ(note["factors"]["intensity"]["year"], 2023);
  EXPECT_EQ(note["factors"]["tariff"]["source"], "bill");
  EXPECT_EQ(note["sci"].size(), 3U);
  EXPECT_EQ(note["recorded_at"].get<std::string>().size(), 20U);
}

TEST(CarbonResults, ZonesAreATable) {
  const std::string text = text_of(carbon::shipped_zones());
  EXPECT_TRUE(holds(text,
                    "DE       DEU       2023    381.0   57.7  average  lifecycle  Germany; "
                    "Ember 2023\n"))
      << text.substr(0, 400);
}

}  // namespace
}  // namespace frugal::cli
