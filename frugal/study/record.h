#pragma once

/// Private to this folder: a study's results as ledger rows and as plan.json.

#include "frugal/base/json.h"
#include "frugal/ledger/ledger.h"
#include "frugal/study/optimize.h"

namespace frugal::study {

/// Name of the model's file or folder.
[[nodiscard]] std::string model_name(const StudyOptions& options);
/// A row of the study: its parent where `plan` is empty.
[[nodiscard]] ledger::RunInfo info_of(const StudyOptions& options, std::string plan,
                                      const Json& settings);

[[nodiscard]] ledger::Metric plain(std::string_view name, double value, std::int64_t count = 1);
[[nodiscard]] ledger::Metric with_interval(std::string_view name, const Summary& summary);
[[nodiscard]] ledger::Metric with_interval(std::string_view name, const Proportion& share,
                                           std::size_t count);
[[nodiscard]] std::string_view decision_name(Decision decision);
[[nodiscard]] Json meter_json(const meter::Meter& meter, meter::Quality quality);

/// Ends the parent run: what the search took, the verdict and the chosen child.
void finish_study(ledger::Ledger& ledger, ledger::RunId study, const meter::Reading& search,
                  const std::string& verdict, ledger::RunId chosen);

/// Begins the parent run, once the bound and the meter's quality are known.  Content:
/// docs/formats/study-in-ledger.md.
[[nodiscard]] ledger::RunId begin_study(ledger::Ledger& ledger, const OptimizeOptions& options,
                                        const OptimizeResult& result, const meter::Meter& meter);

/// Writes one child run per plan and the study's verdict.
void record_study(ledger::Ledger& ledger, ledger::RunId study, const OptimizeOptions& options,
                  const OptimizeResult& result, const meter::Reading& search);

/// Content: docs/formats/plan.md.
[[nodiscard]] Json plan_json(const OptimizeOptions& options, const OptimizeResult& result);

}  // namespace frugal::study
