#pragma once

/// Private to this folder: `frugal optimize --suite`.

#include "frugal/cli/common.h"
#include "frugal/study/agents.h"

namespace frugal::cli {

/// Runs the study and prints its table, or JSON where `common` says so.
void run_agent_study(const CommonOptions& common, study::AgentStudyOptions options);

}  // namespace frugal::cli
