#pragma once

/// What `frugal agent run` says of its outcomes.

#include <span>
#include <string>

#include "frugal/account/receipt.h"
#include "frugal/agent/outcome.h"
#include "frugal/agent/task.h"
#include "frugal/base/json.h"

namespace frugal::cli {

/// {"tasks", "trials", "successes", "success", "success_low", "success_high", "pass":[pass^1, …],
/// "statuses", "prompt_tokens", "output_tokens", "scenarios":[…], "intents":[…], "per_task",
/// "per_solved_task", "receipt"}.  Energies are per trial and per solved trial, whole and by phase;
/// absent where unknown.
[[nodiscard]] Json agent_json(std::span<const agent::Task> tasks,
                              std::span<const agent::Outcome> outcomes,
                              const account::Receipt& receipt);

/// The same for people: a row a scenario, then tokens and joules.
[[nodiscard]] std::string agent_text(std::span<const agent::Task> tasks,
                                     std::span<const agent::Outcome> outcomes,
                                     const account::Receipt& receipt);

}  // namespace frugal::cli
