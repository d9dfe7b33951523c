#include <gtest/gtest.h>

#include "frugal/base/str.h"
#include "frugal/report/page.h"
#include "frugal/report/sample_study.h"

namespace frugal::report {
namespace {

bool holds(const std::string& html, const std::string& text) {
  return html.find(text) != std::string::npos;
}

// 8 J: 2 J of prefill, 5 J of decode, 1 J idle; a tenth of the decode and half the prefill waste.
ledger::Run run() {
  ledger::Run out;
  out.id = 7;
  out.started_at = out.finished_at = "2026-03-04T10:20:00Z";
  account::Receipt& receipt = out.receipt.emplace();
  receipt.total = {.domain = "all",
                   .boundary = meter::Boundary::kDevice,
                   .quality = meter::Quality::kMeasured,
                   .energy = Joules(8.0),
                   .uncertainty = Joules(0.8),
                   .time = Seconds(4.0),
                   .note = ""};
  const auto share = [&](Phase phase, double energy_j) {
    receipt.phases[static_cast<std::size_t>(phase)] = {Joules(energy_j), Joules(0.1 * energy_j)};
  };
  share(Phase::kPrefill, 2.0);
  share(Phase::kDecode, 5.0);
  share(Phase::kIdle, 1.0);
  receipt.work[Phase::kPrefill].prompt_tokens = 60;
  receipt.work[Phase::kPrefill].recomputed_tokens = 30;
  receipt.work[Phase::kDecode].output_tokens = 20;
  receipt.work[Phase::kDecode].rejected_tokens = 2;
  receipt.recomputed = {Joules(1.0), Joules(0.1)};
  receipt.rejected = {Joules(0.5), Joules(0.05)};
  receipt.layers = {{Joules(3.0), Joules(0.3)}, {Joules(2.5), Joules(0.25)}};
  receipt.work.add_layers(std::vector<Seconds>{Seconds(1.5), Seconds(1.25)});
  return out;
}

double link_of(const Json& data, const std::string& from, const std::string& to) {
  for (const Json& link : data["links"]) {
    if (link["source"] == from && link["target"] == to) return link["value"];
  }
  return 0.0;
}

TEST(FlowSection, ShowsWhereTheJoulesWentAndWhatWasWaste) {
  const std::string html = flow_section(run(), "Joules of run 7");
  EXPECT_TRUE(holds(html, "Joules of run 7, by the time that each part took; measured.")) << html;
  EXPECT_TRUE(holds(html, "<th scope=\"row\">prefill</th><td data-value=\"2\">")) << html;
  EXPECT_TRUE(holds(html, "<td data-value=\"0.25\">25.0</td>"));
  EXPECT_TRUE(holds(html, "&emsp;computed again</th><td data-value=\"1\">"));
  EXPECT_TRUE(holds(html, "&emsp;answers written</th><td data-value=\"4.5\">"));
  EXPECT_TRUE(holds(html, "&emsp;guesses thrown away</th><td data-value=\"0.5\">"));
  EXPECT_TRUE(holds(html, "layer 1</th><td data-value=\"2.5\">"));
  EXPECT_FALSE(holds(html, "Power over time"));
}

// Whatever comes into a node goes out of it, but for the leaves.
TEST(FlowSection, NothingIsLostOnTheWay) {
  ledger::Run some = run();
  some.readings = {some.receipt->total, some.receipt->total};
  some.readings[0].domain = "package-0";
  some.readings[0].energy = Joules(6.0);
  some.readings[1].domain = "dram";
  some.readings[1].energy = Joules(2.0);
  const Json data = flow_data(some);
  EXPECT_EQ(link_of(data, "meter: package-0", "the run"), 6.0);
  EXPECT_EQ(link_of(data, "meter: dram", "the run"), 2.0);
  EXPECT_EQ(link_of(data, "the run", "prefill") + link_of(data, "the run", "decode") +
                link_of(data, "the run", "idle"),
            8.0);
  EXPECT_EQ(link_of(data, "decode", "answers written"), 4.5);
  EXPECT_EQ(link_of(data, "decode", "guesses thrown away"), 0.5);
  EXPECT_EQ(link_of(data, "prefill", "prompts read") + link_of(data, "prefill", "computed again"),
            2.0);
  EXPECT_EQ(data["layers_j"], Json::array({3.0, 2.5}));
}

TEST(FlowSection, DomainsOfAnotherBoundaryAreNotAdded) {
  ledger::Run some = run();
  some.readings = {some.receipt->total, some.receipt->total, some.receipt->total};
  some.readings[0].energy = Joules(6.0);
  some.readings[1].energy = Joules(2.0);
  some.readings[2].boundary = meter::Boundary::kWall;
  some.readings[2].energy = Joules(30.0);
  const Json data = flow_data(some);
  EXPECT_EQ(data.dump().find("30"), std::string::npos);
}

TEST(FlowSection, ShowsPowerWithoutAReceipt) {
  ledger::Run some = run();
  some.receipt.reset();
  EXPECT_EQ(flow_section(some, "x"), "");
  EXPECT_TRUE(flow_data(some).is_null());
  some.power = {{"<cpu>", Seconds(1.0), Watts(5.0)}, {"<cpu>", Seconds(2.0), Watts(9.0)}};
  const std::string html = flow_section(some, "Power of run 7");
  EXPECT_TRUE(holds(html, "&lt;cpu&gt;</th><td data-value=\"9\">9</td><td>2</td>")) << html;
  EXPECT_EQ(flow_data(some)["power"][0]["points"], Json::parse("[[1.0,5.0],[2.0,9.0]]"));
}

TEST(FlowSection, JoinsSamplesThatNoScreenCouldShow) {
  ledger::Run some = run();
  for (int i = 1; i <= 5000; ++i) {
    some.power.push_back({"cpu", Seconds(0.1 * i), Watts(i % 2 == 0 ? 4.0 : 8.0)});
  }
  const Json points = flow_data(some)["power"][0]["points"];
  EXPECT_LE(points.size(), 600U);
  EXPECT_GE(points.size(), 300U);
  EXPECT_NEAR(points.back()[0].get<double>(), 500.0, 1e-9);
  for (const Json& point : points) EXPECT_NEAR(point[1].get<double>(), 6.0, 0.5);
}

TEST(FlowSection, IsOfTheLatestRunThatKnows) {
  std::vector<ledger::Run> runs = {run(), run(), run()};
  runs[1].id = 8;
  runs[2].id = 9;
  runs[2].receipt->total.quality = meter::Quality::kUnavailable;
  EXPECT_EQ(run_of_flow(runs)->id, 8);
  runs[1].finished_at.clear();
  EXPECT_EQ(run_of_flow(runs)->id, 7);
}

}  // namespace
}  // namespace frugal::report
