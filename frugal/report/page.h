#pragma once

/// The parts of a page.  All of them return HTML in which every text of the ledger is escaped.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/ledger/ledger.h"
#include "frugal/report/figure.h"
#include "frugal/report/study.h"

namespace frugal::report {

/// The whole document for these runs, as render_html gives it for those of a ledger.
/// Errors: kNotFound when none of them is finished.
[[nodiscard]] std::string render_page(const std::vector<ledger::Run>& runs);

/// What stands between <main> and </main> for a study: verdict, charts, tables.
[[nodiscard]] std::string study_body(const Study& study);
/// Its second half: meter, cost of the search, machine, and how to do it again.
[[nodiscard]] std::string study_facts(const Study& study);
/// The same for a ledger without a study: a table of its finished runs.
[[nodiscard]] std::string runs_body(const std::vector<ledger::Run>& runs);

/// Grams and money beside the joules of these runs, with where their factors come from, for those
/// with a note `impact`; empty when none has one.  Nothing in a note can make it throw.
[[nodiscard]] std::string impact_section(const std::vector<const ledger::Run*>& runs);

/// Where the joules of one run went, `whose` being whose they are in words ("Joules of run 3"): the
/// parts of its receipt as a picture and a table, its layers, power over time.  Empty for a run
/// with neither joules nor power.
[[nodiscard]] std::string flow_section(const ledger::Run& run, std::string_view whose);
/// What its charts draw; null where flow_section is empty.
[[nodiscard]] Json flow_data(const ledger::Run& run);
/// The run that a page without a study shows the flow of: the latest finished one with joules
/// or power; null: there is none.
[[nodiscard]] const ledger::Run* run_of_flow(const std::vector<ledger::Run>& runs);
/// The plan that a study's page shows it of: the chosen one, else the first with either.
[[nodiscard]] const Plan* plan_of_flow(const Study& study);

/// What the charts draw, in SI units except where a key says otherwise.
[[nodiscard]] Json chart_data(const Study& study);

/// A cell of a table: value and interval, with the unrounded number in `data-value`.  An unknown
/// one shows – and the reason.  `factor` is that of the column's Scale.
struct CellFormat {
  double factor = 1.0;
  Sign sign = Sign::kMinus;
  std::string_view unknown_reason = "not measured";
  std::string_view caption = {};  ///< a small second line, may be empty
};
[[nodiscard]] std::string figure_cell(const std::optional<Figure>& figure,
                                      const CellFormat& format = {});
/// A – with its reason; `caption` is a further small line, may be empty.
[[nodiscard]] std::string unknown_cell(std::string_view reason, std::string_view caption = {});
/// One pair of a definition list; an empty text becomes – with "not recorded".
[[nodiscard]] std::string fact(std::string_view name, std::string_view text);
/// The machine of a run as a definition list.
[[nodiscard]] std::string machine_facts(std::string_view machine_json);
/// "2026-11-21T12:00:00Z" as "2026-11-21 12:00 UTC"; other texts unchanged.
[[nodiscard]] std::string readable_time(std::string_view utc);

}  // namespace frugal::report
