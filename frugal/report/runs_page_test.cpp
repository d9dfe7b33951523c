#include <gtest/gtest.h>

#include "frugal/base/str.h"
#include "frugal/report/page.h"
#include "frugal/report/sample_study.h"

namespace frugal::report {
namespace {

meter::Reading reading(std::string domain, double joules) {
  return {.domain = std::move(domain),
          .boundary = meter::Boundary::kDevice,
          .quality = meter::Quality::kMeasured,
          .energy = Joules(joules),
          .uncertainty = Joules(0.02 * joules),
          .time = Seconds(1.5),
          .note = ""};
}

ledger::Run run(ledger::RunId id, std::string verb) {
  ledger::Run out;
  out.id = id;
  out.started_at = "2026-03-04T10:20:00Z";
  out.finished_at = "2026-03-04T10:21:00Z";
  out.info.verb = std::move(verb);
  out.info.model = "tiny.gguf";
  return out;
}

std::string row_of(const std::string& html, ledger::RunId id) {
  const std::size_t from = html.find(str("data-run=\"{}\"", id));
  if (from == std::string::npos) return {};
  return html.substr(from, html.find("</tr>", from) - from);
}

bool holds(const std::string& html, const std::string& text) {
  return html.find(text) != std::string::npos;
}

TEST(RunsPage, ShowsJoulesTokensAndTimeOfARun) {
  ledger::Run one = run(3, "run");
  one.receipt = sample::receipt(0.64);
  const std::string row = row_of(runs_body({one}), 3);
  EXPECT_TRUE(holds(row, "data-value=\"0.64\">640 <span class=\"pm\">± 320</span>")) << row;
  EXPECT_TRUE(holds(row, "<small>modelled, device</small>")) << row;
  EXPECT_TRUE(holds(row, "data-value=\"32\">32 <span class=\"pm\">of 64 in</span>")) << row;
  EXPECT_TRUE(holds(row, "data-value=\"0.02\">20 <span class=\"pm\">± 10</span>")) << row;
  EXPECT_TRUE(holds(row, "tiny.gguf")) << row;
}

TEST(RunsPage, AddsTheDomainsOfAWeighedCommand) {
  ledger::Run one = run(4, "meter");
  one.readings = {reading("package-0", 30.0), reading("package-1", 40.0)};
  const std::string row = row_of(runs_body({one}), 4);
  EXPECT_TRUE(holds(row, "data-value=\"70\">70.0 <span class=\"pm\">± 1.0</span>")) << row;
  EXPECT_TRUE(holds(row, "<small>measured, device</small>")) << row;
  EXPECT_TRUE(holds(row, "data-value=\"1.5\">1.5</td>")) << row;
  EXPECT_TRUE(holds(row, "–<small>no tokens counted</small>")) << row;
}

TEST(RunsPage, NeverAddsTwoBoundaries) {
  ledger::Run one = run(5, "meter");
  one.readings = {reading("package-0", 30.0), reading("socket", 40.0)};
  one.readings[1].boundary = meter::Boundary::kWall;
  const std::string row = row_of(runs_body({one}), 5);
  EXPECT_TRUE(holds(row, "–<small>its readings have different boundaries, never added</small>"))
      << row;
}

TEST(RunsPage, SaysWhyTheJoulesAreUnknown) {
  ledger::Run unread = run(6, "bench");
  unread.readings = {reading("package-0", 30.0)};
  unread.readings[0].quality = meter::Quality::kUnavailable;
  unread.readings[0].note = "permission denied";
  const std::string html = runs_body({unread, run(7, "eval")});
  EXPECT_TRUE(holds(row_of(html, 6), "<td class=\"unknown\">–<small>")) << row_of(html, 6);
  EXPECT_FALSE(holds(row_of(html, 6), "data-value=\"30\"")) << row_of(html, 6);
  EXPECT_TRUE(holds(row_of(html, 7), "–<small>nothing was weighed</small>")) << row_of(html, 7);
  EXPECT_TRUE(holds(row_of(html, 7), "–<small>not timed</small>")) << row_of(html, 7);
}

TEST(RunsPage, ListsFiguresWithUnits) {
  ledger::Run one = run(8, "eval");
  one.metrics = {sample::metric("nll", 1.25, 0.0078), sample::metric("tokens_per_s", 18.2, 0.36),
                 sample::metric("energy_j", 3.0, 0.1), sample::metric("odd", 1.0, 0.5)};
  const std::string html = runs_body({one});
  EXPECT_TRUE(holds(html,
                    "nll</td><td data-value=\"1.25\">1.2500 <span class=\"pm\">± 0.0078"
                    "</span></td><td>nats/token</td><td>5</td>"))
      << html;
  EXPECT_TRUE(holds(html, "<td>tokens/s</td>"));
  EXPECT_TRUE(holds(html, "<td>J</td>"));
  EXPECT_TRUE(holds(html, "odd</td>"));
}

TEST(RunsPage, LeavesOutWhatNeverFinishedAndSaysSo) {
  ledger::Run killed = run(2, "run");
  killed.finished_at.clear();
  const std::string html = runs_body({run(1, "run"), killed});
  EXPECT_TRUE(row_of(html, 2).empty());
  EXPECT_TRUE(holds(html, "1 never finished.")) << html.substr(0, 400);
  EXPECT_TRUE(holds(html, "<h1>1 run on the scale</h1>")) << html.substr(0, 400);
}

TEST(RunsPage, ShowsTheLatestFirstAndNotTooMany) {
  std::vector<ledger::Run> runs;
  for (ledger::RunId id = 1; id <= 510; ++id) runs.push_back(run(id, "run"));
  const std::string html = runs_body(runs);
  EXPECT_LT(html.find("data-run=\"510\""), html.find("data-run=\"509\""));
  EXPECT_FALSE(row_of(html, 11).empty());
  EXPECT_TRUE(row_of(html, 10).empty());
  EXPECT_TRUE(holds(html, "The latest 500 are shown."));
}

}  // namespace
}  // namespace frugal::report
