#pragma once

/// Whether a task was done, and how reliably tasks are done.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "frugal/agent/environment.h"
#include "frugal/agent/task.h"

namespace frugal::agent {

/// The hash of the database after the task's actions on a fresh world.
/// Errors: as make_world.
[[nodiscard]] std::string goal_hash(const Task& task);

/// Whether `said` contains the fact: both in lower case and without commas, and the fact not as a
/// part of a longer word or number ("84" is not in "84.37").
/// Threads: safe from all, as are the others.
[[nodiscard]] bool contains_fact(std::string_view said, std::string_view fact);

/// success = (hash of the final database = goal_hash) and every fact is in what was said.
///
/// Source: the rewards DB and COMMUNICATE of τ-bench, multiplied; any way to the same database
///         counts, and there is no judge but this.
[[nodiscard]] bool solves(const Task& task, const Environment& world, std::string_view said);

/// pass^k = mean over tasks of C(c, k) / C(n, k), c successes in n trials: the chance that k trials
/// of one task all succeed.
///
/// Shapes:  successes: [tasks].
/// Errors:  k outside 1 … trials, or more successes than trials, is a bug; 0 without tasks.
/// Source:  Yao et al. 2024, arXiv:2406.12045, §3.
[[nodiscard]] double pass_hat(std::span<const std::size_t> successes, std::size_t trials,
                              std::size_t k);

}  // namespace frugal::agent
