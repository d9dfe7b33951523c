#pragma once

/// Outcomes in figures.

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "frugal/agent/outcome.h"
#include "frugal/agent/task.h"
#include "frugal/base/statistics.h"

namespace frugal::agent {

/// The outcomes of some tasks, each tried equally often.
struct GroupScore {
  std::string name;  ///< of the scenario or the intent; "all"
  std::size_t tasks = 0;
  std::size_t trials = 0;     ///< of all tasks together
  std::size_t successes = 0;  ///< of them
  Proportion success;         ///< with its 95 % interval, which takes trials as independent
  std::vector<double> pass;   ///< pass^1 to pass^(trials of a task)
  std::map<Status, std::size_t> statuses;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t output_tokens = 0;
};

enum class Grouping { kAll, kScenario, kIntent };

/// One score a group, by name; an intent is "scenario/intent".
/// Errors: an outcome of a task that is not in the list is a bug.
[[nodiscard]] std::vector<GroupScore> score_groups(std::span<const Task> tasks,
                                                   std::span<const Outcome> outcomes,
                                                   Grouping grouping);

}  // namespace frugal::agent
