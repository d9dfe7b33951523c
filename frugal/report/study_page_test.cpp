#include <gtest/gtest.h>

#include <regex>

#include "frugal/base/str.h"
#include "frugal/report/assets.h"
#include "frugal/report/html.h"
#include "frugal/report/page.h"
#include "frugal/report/sample_study.h"

namespace frugal::report {
namespace {

std::string body_of(const std::vector<ledger::Run>& runs) {
  return study_body(read_study(runs.front(), runs));
}

// The part of `html` from `begin` to the next `end`.
std::string between(const std::string& html, const std::string& begin, const std::string& end) {
  const std::size_t from = html.find(begin);
  if (from == std::string::npos) return {};
  return html.substr(from, html.find(end, from) - from);
}

// The row of the table of plans that belongs to this run.
std::string row_of(const std::string& html, ledger::RunId run) {
  const std::string section = between(html, "<section id=\"plans\">", "</section>");
  return between(section, str("data-run=\"{}\"", run), "</tr>");
}

bool holds(const std::string& html, const std::string& text) {
  return html.find(text) != std::string::npos;
}

TEST(StudyPage, BeginsWithTheVerdict) {
  const std::string html = body_of(sample::runs());
  EXPECT_TRUE(holds(html, str("<h1>{}</h1>", escape(sample::kVerdict)))) << html.substr(0, 400);
  EXPECT_TRUE(holds(html,
                    "as is, 1 thread</span> <span class=\"arrow\">→</span> "
                    "<strong>Q4_K, 2 threads</strong>"));
}

TEST(StudyPage, ShowsBaselineAndChosenWithTheirChange) {
  const std::string html = between(body_of(sample::runs()), "<header>", "</header>");
  EXPECT_TRUE(holds(html, "\u221258.5 <span class=\"pm\">± 1.2&nbsp;%</span>")) << html;
  EXPECT_TRUE(holds(html, "41.20 ± 0.82")) << html;
  EXPECT_TRUE(holds(html, "17.10 ± 0.34&nbsp;mJ</span> <span class=\"quality\">modelled</span>"))
      << html;
  EXPECT_TRUE(holds(html, "×&thinsp;3.736")) << html;
  EXPECT_TRUE(holds(html, "+0.0078")) << html;
  EXPECT_TRUE(holds(html, "≤ +0.0090 at 95&nbsp;% confidence; allowed: 0.0125")) << html;
  EXPECT_TRUE(holds(html, "31.0 MiB")) << html;
}

TEST(StudyPage, SpeaksOfSolvedTasksWhereAgentsWereStudied) {
  const std::vector<ledger::Run> runs = sample::agent_runs();
  const std::string html = body_of(runs);
  EXPECT_TRUE(holds(html, "Energy per solved task"));
  EXPECT_TRUE(holds(html, "Loss: fewer tasks solved<small>tasks in 100</small>"));
  EXPECT_TRUE(holds(html, "allowed: 1.25")) << "in tasks of 100";
  EXPECT_TRUE(holds(html, "+0.78")) << "0.0078 of all";
  EXPECT_TRUE(holds(html, "93.0 ± 2.0\u00a0% solved"));
  EXPECT_TRUE(holds(row_of(html, 7), "94.0 <span class=\"pm\">± 2.0</span>"));
  EXPECT_TRUE(holds(html, "not examined"));
  EXPECT_TRUE(holds(html, "validation.jsonl") && holds(html, "test.jsonl"));
}

TEST(StudyPage, TableHoldsEveryFigureOfTheLedger) {
  const std::vector<ledger::Run> runs = sample::runs();
  const std::string html = body_of(runs);
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const std::string row = row_of(html, runs[i].id);
    ASSERT_FALSE(row.empty()) << runs[i].id;
    for (const std::string_view name :
         {"joules_per_token", "tokens_per_s", "nll_increase", "kld", "same_top", "file_bytes"}) {
      const ledger::Metric* metric = runs[i].metric(name);
      if (metric == nullptr) continue;
      EXPECT_TRUE(holds(row, str("data-value=\"{}\"", metric->value))) << name << "\n" << row;
    }
    EXPECT_TRUE(holds(row, escape(runs[i].info.plan))) << row;
    EXPECT_TRUE(holds(row, escape(runs[i].note("reason")))) << row;
    EXPECT_TRUE(holds(row, str(">{}</span>", runs[i].note("decision")))) << row;
    EXPECT_TRUE(holds(row, "<small>modelled</small>")) << row;
    EXPECT_TRUE(holds(row, "NLL 1.2")) << row;
  }
}

TEST(StudyPage, WritesFiguresWithTheirIntervals) {
  const std::string row = row_of(body_of(sample::runs()), 7);
  EXPECT_TRUE(holds(row, ">17.10 <span class=\"pm\">± 0.34</span>")) << row;
  EXPECT_TRUE(holds(row, ">68.00 <span class=\"pm\">± 0.68</span>")) << row;
  EXPECT_TRUE(holds(row, ">+0.0078 <span class=\"pm\">≤ +0.0090</span>")) << row;
  EXPECT_TRUE(holds(row, ">97.16 <span class=\"pm\">± 0.40</span>")) << row;
  EXPECT_TRUE(holds(row, "99th: 0.0546 ± 0.0078")) << row;
  EXPECT_TRUE(holds(row, "5.1 MiB")) << row;
}

TEST(StudyPage, ShowsADashWithAReasonForTheUnknownAndNeverZero) {
  std::vector<ledger::Run> runs = sample::runs();
  runs[4].metrics.clear();
  runs[4].receipt.reset();
  runs[5].finished_at.clear();
  runs[5].metrics.clear();
  runs[6].receipt->total.quality = meter::Quality::kUnavailable;
  runs[6].receipt->total.note = "the counter vanished";
  const std::string html = body_of(runs);
  EXPECT_TRUE(holds(row_of(html, 5), "<td class=\"unknown\">–<small>not measured</small>"));
  EXPECT_TRUE(holds(row_of(html, 6), "<td class=\"unknown\">–<small>never finished</small>"));
  EXPECT_TRUE(holds(row_of(html, 7), "<td class=\"unknown\">–<small>the counter vanished</small>"));
  EXPECT_TRUE(holds(row_of(html, 2), "<td class=\"unknown\">–<small>the reference</small>"));
  EXPECT_FALSE(std::regex_search(row_of(html, 5), std::regex("data-value"))) << row_of(html, 5);
  EXPECT_TRUE(holds(html, "Not drawn: Q8_0, 1 thread (its joules are unknown)")) << html;
}

TEST(StudyPage, SaysWhenTheIntervalIsUnknown) {
  std::vector<ledger::Run> runs = sample::runs();
  for (ledger::Metric& metric : runs[7].metrics) {
    metric.low.reset();
    metric.high.reset();
    metric.std_err.reset();
  }
  EXPECT_TRUE(holds(row_of(body_of(runs), 8), ">16.3 <span class=\"pm\">± –</span>"));
}

TEST(StudyPage, ListsThePhasesThatTookEnergy) {
  const std::string html = body_of(sample::runs());
  const std::string section = between(html, "<section id=\"phases\">", "</section>");
  for (const std::string name : {"prefill", "decode", "idle"}) {
    EXPECT_TRUE(holds(section, str("<th scope=\"col\">{}<small>", name))) << name;
  }
  EXPECT_FALSE(holds(section, "<th scope=\"col\">retrieval"));
  // 0.0171 J × 32 tokens, three quarters of it in decode, known to half.
  EXPECT_TRUE(holds(section, "0.41 <span class=\"pm\">± 0.21</span>")) << section;
  EXPECT_TRUE(holds(section, "64 prompt tokens and 32 output tokens")) << section;
}

TEST(StudyPage, TellsWhatTheMeterIsWorth) {
  const std::string html = between(body_of(sample::runs()), "<section id=\"meter\">", "</section>");
  EXPECT_TRUE(holds(html, "CPU seconds of this process × 6 W per busy CPU")) << html;
  EXPECT_TRUE(holds(html, "modelled: no counter could be read")) << html;
  EXPECT_TRUE(holds(html, "device: the chips")) << html;
  EXPECT_TRUE(holds(html, "± 50 % of a run’s joules")) << html;
  EXPECT_TRUE(holds(html, "cancels in ratios")) << html;
  EXPECT_TRUE(holds(html, "A model adds a third")) << html;
}

TEST(StudyPage, DoesNotWarnOfAModelWhereACounterWasRead) {
  std::vector<ledger::Run> runs = sample::runs();
  runs.front().info.settings = R"({"meter":{"name":"rapl","quality":"measured"}})";
  const std::string html = body_of(runs);
  EXPECT_FALSE(holds(html, "A model adds a third"));
  EXPECT_TRUE(holds(html, "measured: a counter of energy was read"));
}

TEST(StudyPage, TellsWhatTheSearchCostAndWhenItIsPaidBack) {
  const std::string html =
      between(body_of(sample::runs()), "<section id=\"search\">", "</section>");
  EXPECT_TRUE(holds(html, "4.21&nbsp;kJ")) << html;
  EXPECT_TRUE(holds(html, "937&nbsp;s by the clock")) << html;
  EXPECT_TRUE(holds(html, "saves 24.10 ± 0.89&nbsp;mJ per output token")) << html;
  EXPECT_TRUE(holds(html,
                    "175 thousand output tokens</strong> (between 168 thousand and "
                    "181 thousand by the spread of the repeats)"))
      << html;
  EXPECT_TRUE(holds(html, "after 5460 answers of 32 tokens")) << html;
}

TEST(StudyPage, PromisesNoPaybackWhereThereIsNone) {
  std::vector<ledger::Run> runs = sample::runs();
  runs.front().notes = {{"chosen", "2"}};
  EXPECT_TRUE(holds(body_of(runs), "The baseline was kept"));
  runs.front().notes = {{"chosen", "3"}};
  EXPECT_TRUE(holds(body_of(runs), "not larger than the spread of the repeats"));
  runs.front().metrics.clear();
  EXPECT_TRUE(holds(body_of(runs), "one of the figures it needs is missing"));
  EXPECT_TRUE(holds(body_of(runs), "joules not recorded"));
}

TEST(StudyPage, NamesMachineAndProvenance) {
  const std::string html = body_of(sample::runs());
  for (const std::string text :
       {"Intel Xeon, 2 of 40 CPUs", "8.0 GiB", "Linux 6.1.0",
        "frugal optimize model.gguf --text story.txt --max-drop 1% -o out", "avx2",
        "64 prompt tokens, 32 output tokens", "2026-03-04 10:31 UTC",
        "NLL increase at most 0.0125 nats per token: 1% of the baseline&#39;s NLL"}) {
    EXPECT_TRUE(holds(html, text)) << text;
  }
}

TEST(StudyPage, ShowsTablesAndSaysSoInABuildWithoutCharts) {
  const std::string html = body_of(sample::runs());
  EXPECT_EQ(holds(html, "This build has no chart library"), chart_script().empty());
  EXPECT_EQ(holds(html, "id=\"chart-pareto\""), !chart_script().empty());
}

TEST(StudyPage, LivesWithAStudyThatRecordedNothing) {
  std::vector<ledger::Run> runs = sample::runs();
  runs.resize(1);
  runs.front().notes.clear();
  runs.front().metrics.clear();
  const std::string finished = runs.front().finished_at;
  runs.front().info = {};
  runs.front().info.verb = "optimize";
  const std::string html = body_of(runs);
  EXPECT_TRUE(holds(html, "This study left no verdict."));
  EXPECT_TRUE(holds(html, "The ledger names no chosen plan."));
  EXPECT_TRUE(holds(html, "The ledger holds no plan of it."));
  EXPECT_TRUE(holds(html, "not recorded"));
  EXPECT_TRUE(holds(html, "no readable description of the machine"));
}

}  // namespace
}  // namespace frugal::report
