#pragma once

/// The records of a ledger as rows of its tables, one pair of functions per table.

#include <optional>
#include <vector>

#include "frugal/ledger/ledger.h"
#include "frugal/ledger/sqlite.h"

namespace frugal::ledger {

/// Each writes within the caller's transaction.  Errors: those of sqlite::Connection.
[[nodiscard]] RunId insert_run(sqlite::Connection& connection, const RunInfo& info,
                               std::optional<RunId> parent, std::string_view started_at);
void insert_readings(sqlite::Connection& connection, RunId run,
                     const std::vector<meter::Reading>& readings);
void insert_receipt(sqlite::Connection& connection, RunId run, const account::Receipt& receipt);
void insert_metric(sqlite::Connection& connection, RunId run, const Metric& metric);
void insert_power(sqlite::Connection& connection, RunId run,
                  const std::vector<PowerSample>& samples);
void insert_note(sqlite::Connection& connection, RunId run, const Note& note);

/// The runs that `where` selects, in order of id, with all their records.  `value` is its ?1.
/// Errors: kCorrupt for a row that no ledger would hold.
[[nodiscard]] std::vector<Run> select_runs(sqlite::Connection& connection, std::string_view where,
                                           std::optional<RunId> value);

}  // namespace frugal::ledger
