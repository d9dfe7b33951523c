#pragma once

/// Private to this folder: a study's results as ledger rows and as plan.json.

#include "frugal/base/json.h"
#include "frugal/ledger/ledger.h"
#include "frugal/study/optimize.h"

namespace frugal::study {

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
