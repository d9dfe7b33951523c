#include <gtest/gtest.h>

#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/report/page.h"
#include "frugal/report/sample_study.h"

namespace frugal::report {
namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Json an_impact() {
  return {{"boundary", "host"},
          {"quality", "measured"},
          {"energy_j", 7200.0},
          {"energy_j_std", 360.0},
          {"carbon_gco2e", 0.762},
          {"carbon_gco2e_std", 0.122},
          {"carbon_quality", "derived"},
          {"cost", 0.00064},
          {"cost_std", 0.00003},
          {"currency", "EUR"},
          {"factors",
           {{"intensity",
             {{"zone", "DE"},
              {"name", "Germany"},
              {"year", 2023},
              {"basis", "average"},
              {"scope", "lifecycle"},
              {"g_per_kwh", 381.0},
              {"g_per_kwh_std", 58.0},
              {"set", "Ember 2023"},
              {"source", "Ember"}}},
            {"tariff", {{"currency", "EUR"}, {"per_kwh", 0.32}, {"source", "bill"}}}}},
          {"notes", {"no PUE was stated"}},
          {"sci", {{{"unit", "token"}, {"gco2e_per_unit", 2e-6}, {"gco2e_per_unit_std", 3e-7}}}}};
}

ledger::Run run_with(ledger::RunId id, const std::string& note) {
  ledger::Run run;
  run.id = id;
  run.info.verb = "bench";
  run.notes = {{"impact", note}};
  return run;
}

std::string section_of(const std::vector<ledger::Run>& runs) {
  std::vector<const ledger::Run*> rows;
  for (const ledger::Run& run : runs) rows.push_back(&run);
  return impact_section(rows);
}

TEST(ImpactSection, IsNotThereWithoutFactors) {
  EXPECT_EQ(section_of({}), "");
  ledger::Run bare;
  EXPECT_EQ(section_of({bare}), "");
  EXPECT_EQ(section_of({run_with(1, "{broken"), run_with(2, "[]"), run_with(3, "7")}), "");
}

TEST(ImpactSection, ShowsGramsAndMoneyBesideJoules) {
  const std::string html = section_of({run_with(4, to_line(an_impact()))});
  EXPECT_TRUE(holds(html, "Energy<small>kJ</small>")) << html;
  EXPECT_TRUE(holds(html,
                    "data-value=\"7200\">7.20 <span class=\"pm\">± 0.36</span>"
                    "<small>measured, host</small>"))
      << html;
  EXPECT_TRUE(holds(html, "Carbon<small>mg CO2e</small>")) << html;
  EXPECT_TRUE(holds(html,
                    "data-value=\"0.762\">760 <span class=\"pm\">± 120</span>"
                    "<small>derived</small>") ||
              holds(html,
                    "data-value=\"0.762\">762 <span class=\"pm\">± 122</span>"
                    "<small>derived</small>"))
      << html;
  EXPECT_TRUE(holds(html, "640 <span class=\"pm\">± 30</span><small>µEUR</small>")) << html;
  EXPECT_TRUE(holds(html, "<small>µg per token</small>")) << html;
}

TEST(ImpactSection, ShowsWhereTheFactorsComeFrom) {
  const std::string html = section_of({run_with(4, to_line(an_impact()))});
  EXPECT_TRUE(
      holds(html, "381 ± 58 g CO2e/kWh; 2023; Germany; average; lifecycle; Ember 2023; Ember"))
      << html;
  EXPECT_TRUE(holds(html, "0.32 per kWh; EUR; bill")) << html;
  EXPECT_TRUE(holds(html, "no PUE was stated")) << html;
}

TEST(ImpactSection, WritesASetOfFactorsOnce) {
  Json other = an_impact();
  other["factors"]["intensity"]["year"] = 2021;
  const std::string line = to_line(an_impact());
  const std::string html =
      section_of({run_with(4, line), run_with(5, line), run_with(6, to_line(other))});
  EXPECT_TRUE(holds(html, "<dt>factors of run</dt><dd>4, 5</dd>")) << html;
  EXPECT_TRUE(holds(html, "<dt>factors of run</dt><dd>6</dd>")) << html;
}

TEST(ImpactSection, AnUnknownIsWrittenAsSuch) {
  Json impact = an_impact();
  for (const char* key : {"energy_j", "carbon_gco2e", "cost", "sci"}) impact.erase(key);
  const std::string html = section_of({run_with(4, to_line(impact))});
  EXPECT_TRUE(holds(html, "–<small>no joules or no factor</small>")) << html;
  EXPECT_FALSE(holds(html, "data-value")) << html;
}

TEST(ImpactSection, NothingInALedgerCanLeaveItsPlace) {
  const std::string bad = "</dd><script>alert(1)</script>";
  Json impact = an_impact();
  impact["quality"] = impact["currency"] = impact["boundary"] = bad;
  impact["factors"]["intensity"]["source"] = bad;
  impact["factors"]["pue"] = {{"pue", bad}, {"source", bad}};
  impact["factors"]["embodied"] = {{"lifetime_s", bad}, {"share", Json::array()}};
  impact["factors"]["water"] = bad;
  impact["notes"] = {bad, 7, Json::array()};
  impact["sci"][0]["unit"] = bad;
  ledger::Run run = run_with(4, to_line(impact));
  run.info.verb = bad;
  EXPECT_FALSE(holds(section_of({run}), "<script")) << section_of({run});
}

TEST(ImpactSection, StandsOnBothKindsOfPage) {
  ledger::Run one = run_with(4, to_line(an_impact()));
  one.started_at = one.finished_at = "2026-03-04T10:20:00Z";
  EXPECT_TRUE(holds(runs_body({one}), "<section id=\"impact\">"));
  std::vector<ledger::Run> study = sample::runs();
  EXPECT_FALSE(holds(render_page(study), "<section id=\"impact\">"));
  study.back().notes.push_back({"impact", to_line(an_impact())});
  EXPECT_TRUE(holds(render_page(study), "<section id=\"impact\">"));
}

}  // namespace
}  // namespace frugal::report
