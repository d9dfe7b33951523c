#include "frugal/report/report.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <regex>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/report/assets.h"
#include "frugal/report/page.h"
#include "frugal/report/sample_study.h"
#include "tests/support/temp_folder.h"

namespace frugal::report {
namespace {

bool holds(const std::string& html, std::string_view text) {
  return html.find(text) != std::string::npos;
}

// The page without what stands between <script> or <style> and their ends.
std::string markup_of(const std::string& html) {
  std::string out;
  std::size_t at = 0;
  while (true) {
    const std::size_t begin = std::min(html.find("<script", at), html.find("<style", at));
    if (begin == std::string::npos) return out + html.substr(at);
    out += html.substr(at, begin - at);
    const bool script = html.compare(begin, 7, "<script") == 0;
    at = html.find(script ? "</script>" : "</style>", begin);
    if (at == std::string::npos) return out;
    at += script ? 9 : 8;
  }
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

constexpr std::string_view kHostile =
    "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>\"'`"
    "\x1b[31m\x01\xff\xc0\xaf<!--{{7*7}}";

// Every text of the ledger replaced by one that tries to get out of its place.
std::vector<ledger::Run> hostile_runs() {
  std::vector<ledger::Run> runs = sample::runs();
  const std::string bad(kHostile);
  const Json settings = {{"workload", {{"prompt_tokens", 64}, {"output_tokens", 32}}},
                         {"text", bad},
                         {"bound", {{"limit", 0.0125}, {"limit_text", bad}}},
                         {"seed", bad},
                         {"isa", bad},
                         {"meter", {{"name", bad}, {"description", bad}, {"quality", bad}}}};
  const Json machine = {{bad, bad}};
  for (ledger::Run& run : runs) {
    run.info.command = run.info.model = run.info.version = run.started_at = bad;
    run.finished_at = bad;
    run.info.machine = to_line(machine);
    if (run.parent) run.info.plan = bad + std::to_string(run.id);
    if (!run.parent) run.info.settings = to_line(settings);
    for (ledger::Note& note : run.notes) {
      if (note.key != "chosen" && note.key != "decision") note.text = bad;
    }
    if (run.receipt) run.receipt->total.note = run.receipt->total.domain = bad;
  }
  runs[3].receipt->total.quality = meter::Quality::kUnavailable;
  runs[4].notes = {{"decision", bad}, {"reason", bad}};
  return runs;
}

void expect_harmless(const std::string& html) {
  const std::string markup = markup_of(html);
  EXPECT_EQ(count_of(html, "<script"), count_of(html, "</script>"));
  EXPECT_LE(count_of(html, "<script"), 2U);
  EXPECT_FALSE(holds(markup, "<img"));
  EXPECT_FALSE(holds(html, "<script>document.title"));
  EXPECT_FALSE(holds(markup, "<!--"));
  for (const char c : html) {
    const auto byte = static_cast<unsigned char>(c);
    ASSERT_TRUE(byte >= 0x20 || c == '\n') << static_cast<int>(byte);
  }
  EXPECT_TRUE(holds(markup, "&lt;/script&gt;&lt;script&gt;"));
}

TEST(Report, IsOneSelfContainedPage) {
  const std::string html = render_page(sample::runs());
  EXPECT_TRUE(html.starts_with("<!doctype html>"));
  EXPECT_TRUE(html.ends_with("</html>\n"));
  EXPECT_TRUE(holds(html, "prefers-color-scheme: dark"));
  EXPECT_TRUE(holds(html, "@media print"));
  EXPECT_TRUE(holds(html, "width=device-width"));
}

TEST(Report, NamesNoAddressThatABrowserWouldFetch) {
  const std::string html = render_page(sample::runs());
  EXPECT_FALSE(std::regex_search(markup_of(html), std::regex("https?:|ftp:|//[a-z]")));
  EXPECT_FALSE(std::regex_search(markup_of(html), std::regex(R"((src|srcset|action)\s*=)")));
  const std::size_t style = html.find("<style>");
  const std::string css = html.substr(style, html.find("</style>") - style);
  EXPECT_FALSE(std::regex_search(css, std::regex(R"(url\(|@import)")));
  EXPECT_TRUE(holds(html, "default-src 'none'"));
}

TEST(Report, CarriesTheChartsWhereTheBuildHasThem) {
  const std::string html = render_page(sample::runs());
  if (chart_script().empty()) {
    EXPECT_FALSE(holds(html, "<script"));
    EXPECT_TRUE(holds(html, "This build has no chart library"));
    return;
  }
  std::size_t bytes = 0;
  for (const std::string_view piece : chart_script()) bytes += piece.size();
  EXPECT_LT(bytes, 700'000U);
  EXPECT_TRUE(holds(html, "Apache ECharts")) << "the licence asks for its notice";
  const std::size_t begin = html.find('>', html.find("<script type=\"application/json\"")) + 1;
  const Json data = parse_json(
      std::string_view(html).substr(begin, html.find("</script>", begin) - begin), "page");
  EXPECT_EQ(data["plans"].size(), sample::plans().size());
}

TEST(Report, ShowsHostileTextsAsText) {
  expect_harmless(render_page(hostile_runs()));
}

TEST(Report, ShowsHostileTextsOfSingleRunsAsText) {
  std::vector<ledger::Run> runs = hostile_runs();
  for (ledger::Run& run : runs) {
    run.info.verb = kHostile;
    for (ledger::Metric& metric : run.metrics) metric.name = kHostile;
  }
  expect_harmless(render_page(runs));
}

TEST(Report, LivesWithNumbersThatAreNone) {
  std::vector<ledger::Run> runs = sample::runs();
  const double bad[] = {std::numeric_limits<double>::infinity(), -1e308, 1e308,
                        std::numeric_limits<double>::quiet_NaN(), 5e-324};
  std::size_t next = 0;
  for (ledger::Run& run : runs) {
    for (ledger::Metric& metric : run.metrics) {
      metric.value = bad[next++ % std::size(bad)];
      metric.low = bad[next++ % std::size(bad)];
      metric.high = bad[next++ % std::size(bad)];
    }
    if (!run.receipt) continue;
    run.receipt->total.energy = Joules(bad[next++ % std::size(bad)]);
    run.receipt->total.uncertainty = Joules(bad[next++ % std::size(bad)]);
    run.receipt->phases[0].energy = Joules(bad[next++ % std::size(bad)]);
  }
  const std::string markup = markup_of(render_page(runs));
  EXPECT_FALSE(std::regex_search(markup, std::regex(">[+-]?(nan|inf)")));
}

TEST(Report, ShowsSingleRunsWhereThereIsNoStudy) {
  std::vector<ledger::Run> runs = sample::runs();
  runs.front().finished_at.clear();
  const std::string html = render_page(runs);
  EXPECT_TRUE(holds(html, "No finished study is in this ledger"));
  EXPECT_FALSE(holds(html, "id=\"pareto\""));
  EXPECT_TRUE(holds(html, "id=\"flow\""));
}

TEST(Report, RefusesALedgerWithoutAFinishedRun) {
  std::vector<ledger::Run> runs = sample::runs();
  for (ledger::Run& run : runs) run.finished_at.clear();
  for (const std::vector<ledger::Run>& none : {std::vector<ledger::Run>{}, runs}) {
    try {
      (void)render_page(none);
      ADD_FAILURE() << "a page of nothing";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
    }
  }
}

ledger::RunId append(ledger::Ledger& ledger, const ledger::Run& run,
                     std::optional<ledger::RunId> parent) {
  const ledger::RunId id = ledger.begin(run.info, parent);
  for (const ledger::Metric& metric : run.metrics) ledger.add_metric(id, metric);
  if (run.receipt) ledger.add_receipt(id, *run.receipt);
  for (const ledger::Note& note : run.notes) {
    if (note.key != "chosen") ledger.add_note(id, note);
  }
  return id;
}

// The sample as `frugal optimize` would write it.
void write_ledger(const std::filesystem::path& path) {
  ledger::Ledger ledger(path);
  const std::vector<ledger::Run> runs = sample::runs();
  const ledger::RunId parent = append(ledger, runs.front(), std::nullopt);
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const ledger::RunId id = append(ledger, runs[i], parent);
    if (runs[i].note("decision") == "chosen") {
      ledger.add_note(parent, {"chosen", std::to_string(id)});
    }
    ledger.finish(id);
  }
  ledger.finish(parent);
}

// A text of the ledger as a reader sees it.
std::string seen(std::string_view text) {
  return printable(text, 400);
}

Json expected_plan(const ledger::Run& run) {
  const ledger::Metric& joules = *run.metric("joules_per_token");
  const ledger::Metric* increase = run.metric("nll_increase");
  const std::string_view decision = run.note("decision");
  Json plan = {{"label", seen(run.info.plan)},
               {"baseline", increase == nullptr},
               {"decision", decision == kHostile ? "undecided" : decision},
               {"reason", seen(run.note("reason"))}};
  if (run.receipt->total.quality != meter::Quality::kUnavailable) {
    plan["joules_per_token"] = joules.value;
    plan["joules_low"] = *joules.low;
    plan["joules_high"] = *joules.high;
  }
  if (increase != nullptr) {
    plan["nll_increase"] = increase->value;
    plan["nll_high"] = *increase->high;
  }
  return plan;
}

// What tests/e2e/report_page.mjs should find in the page of these runs.
Json expected_page(const std::vector<ledger::Run>& runs) {
  Json plans = Json::array();
  for (std::size_t i = 1; i < runs.size(); ++i) plans.push_back(expected_plan(runs[i]));
  return {{"verdict", seen(runs.front().note("verdict"))},
          {"bound", 0.0125},
          {"charts", !chart_script().empty()},
          {"plans", std::move(plans)}};
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

// Page and expectation for the browser, in pairs of the same name.
void write_pair(const std::filesystem::path& folder, const std::string& name,
                const std::vector<ledger::Run>& runs) {
  write_text(folder / (name + ".html"), render_page(runs));
  write_text(folder / (name + ".json"), to_line(expected_page(runs)));
}

// With FRUGAL_REPORT_OUT set, ledger, pages and expectations stay there for the browser's test.
TEST(Report, WritesThePageOfARealLedger) {
  const test::TempFolder temporary;
  const char* kept = std::getenv("FRUGAL_REPORT_OUT");
  const std::filesystem::path folder = kept != nullptr ? kept : temporary.path();
  std::filesystem::create_directories(folder);
  std::filesystem::remove(folder / "ledger.sqlite");
  write_ledger(folder / "ledger.sqlite");
  const ledger::Ledger ledger(folder / "ledger.sqlite", ledger::Ledger::Mode::kReadOnly);
  write_html(ledger, folder / "report.html");
  const std::string html = read_text_file(folder / "report.html");
  EXPECT_EQ(html, render_html(ledger));
  EXPECT_TRUE(holds(html, "Q4_K, 2 threads"));
  EXPECT_TRUE(holds(html, "17.10 ± 0.34"));
  write_text(folder / "report.json", to_line(expected_page(sample::runs())));
  write_pair(folder, "hostile", hostile_runs());
  std::vector<ledger::Run> single = sample::runs();
  single.erase(single.begin());
  write_text(folder / "runs.html", render_page(single));
  write_text(folder / "runs.json", to_line({{"charts", false}, {"runs", single.size()}}));
}

TEST(Report, SaysWhereItCouldNotWrite) {
  const test::TempFolder folder;
  write_ledger(folder / "ledger.sqlite");
  const ledger::Ledger ledger(folder / "ledger.sqlite");
  try {
    write_html(ledger, folder / "missing" / "report.html");
    ADD_FAILURE() << "wrote into a folder that is not there";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
    EXPECT_TRUE(holds(error.what(), "missing")) << error.what();
  }
}

}  // namespace
}  // namespace frugal::report
