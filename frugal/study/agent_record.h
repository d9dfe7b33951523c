#pragma once

/// Private to this folder: a study of agents as ledger rows and as plan.json.

#include "frugal/base/json.h"
#include "frugal/ledger/ledger.h"
#include "frugal/study/agents.h"

namespace frugal::study {

/// As begin_study and record_study in record.h.  Content: docs/formats/study-in-ledger.md.
[[nodiscard]] ledger::RunId begin_agent_study(ledger::Ledger& ledger,
                                              const AgentStudyOptions& options,
                                              const AgentStudyResult& result,
                                              const meter::Meter& meter);
void record_agent_study(ledger::Ledger& ledger, ledger::RunId study,
                        const AgentStudyOptions& options, const AgentStudyResult& result,
                        const meter::Reading& search);

/// Content: docs/formats/plan.md.
[[nodiscard]] Json agent_plan_json(const AgentStudyOptions& options,
                                   const AgentStudyResult& result);

}  // namespace frugal::study
