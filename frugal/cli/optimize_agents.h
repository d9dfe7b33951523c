#pragma once

/// Private to this folder: `frugal optimize --suite`, and what its summary shares with --text.

#include "frugal/cli/common.h"
#include "frugal/study/agents.h"

namespace frugal::cli {

/// "405 µJ ± 5.3 %"; without ± below 2 samples.
[[nodiscard]] std::string joules_text(const Summary& joules);
/// How far to trust the joules of a table whose ± come from its `repeats`, and the files written.
[[nodiscard]] std::string closing_lines(const meter::Reading& energy, std::string_view repeats,
                                        const std::filesystem::path& out);

/// Runs the study and prints its table, or JSON where `common` says so.
void run_agent_study(const CommonOptions& common, study::AgentStudyOptions options);

}  // namespace frugal::cli
