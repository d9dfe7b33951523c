#pragma once

/// Private to this folder: ways of running agents, weighed against each other on the same tasks.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "frugal/agent/task.h"
#include "frugal/base/progress.h"
#include "frugal/study/agents.h"

namespace frugal::study {

/// Some tasks done in one way, on the scale.
struct WeighedTasks {
  std::vector<bool> success;  ///< by task
  Work work;
  std::vector<meter::Reading> readings;
};
/// Runs the tasks as setting number `setting` says.
using RunTasksFn =
    std::function<WeighedTasks(std::size_t setting, std::span<const agent::Task> tasks)>;

struct RoundOptions {
  std::size_t tasks_per_round = 15;
  std::size_t finalists = 4;    ///< settings that stay to the end, the baseline counted
  std::uint64_t seed = 1;       ///< of the order within a round
  std::string stage = "weigh";  ///< named in the progress
  ProgressFn progress = {};
};

/// Settings that still run in round `round` (from 0): halved after 1, 2, 4, 8 … rounds, rounded up,
/// down to the finalists.
[[nodiscard]] std::size_t settings_in_round(std::size_t settings, std::size_t finalists,
                                            std::size_t round);

/// Every round runs the next tasks in each remaining setting, in a new order, so that drift of the
/// machine falls on all alike.  Then those of the most joules per solved task drop out; the first
/// setting, the baseline, never does.
///
/// Result:  by setting; `stopped` where it dropped out.
/// Errors:  those of `run`; kUnsupported when the meter gives no energy.
/// Source:  Jamieson and Talwalkar 2016, arXiv:1502.07943 (successive halving).
[[nodiscard]] std::vector<AgentScore> weigh_settings(std::size_t settings,
                                                     std::span<const agent::Task> tasks,
                                                     const RunTasksFn& run,
                                                     const RoundOptions& options);

}  // namespace frugal::study
