#pragma once

/// The main job for agents: which way of running this model costs the fewest joules per solved
/// task within a bound on its success?

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "frugal/account/receipt.h"
#include "frugal/base/json.h"
#include "frugal/base/statistics.h"
#include "frugal/study/decision.h"
#include "frugal/study/options.h"

namespace frugal::study {

struct AgentStudyOptions : StudyOptions {
  std::filesystem::path suite;  ///< tasks by which the setting is chosen
  std::filesystem::path test;   ///< tasks by which it is judged; empty: the same ones
  double max_drop = 0.03;       ///< of the share of tasks solved
  std::size_t agents = 16;      ///< side by side, where they are not one by one
  std::size_t tasks_per_round = 15;
  double temperature = 0.0;
};

/// One way of running a model as an agent.
struct AgentSetting {
  std::string transform = "as is";  ///< of the file: "as is", "Q8_0", "Q4_0"
  std::size_t threads = 1;
  std::size_t agents = 1;      ///< side by side
  bool keep_prefixes = false;  ///< what was computed of a conversation or its beginning is kept
  bool lookup = false;         ///< guesses from earlier text

  [[nodiscard]] std::string label() const;  ///< "Q8_0, 2 threads, 16 agents, prefixes kept, lookup"
  bool operator==(const AgentSetting&) const = default;
};

/// What became of some tasks, and what they cost.
struct AgentScore {
  std::vector<double> joules;  ///< J, by round
  std::vector<double> solved;  ///< tasks, by round
  std::vector<bool> success;   ///< by task
  std::vector<meter::Reading> readings;
  Work work;
  account::Receipt receipt;  ///< of all
  bool stopped = false;      ///< before all tasks were tried

  [[nodiscard]] std::size_t tasks() const { return success.size(); }
  [[nodiscard]] std::size_t successes() const;
  [[nodiscard]] Proportion success_rate() const { return wilson95(successes(), tasks()); }
  /// Nothing when no task was solved.
  [[nodiscard]] std::optional<Summary> joules_per_solved() const;
  [[nodiscard]] double tokens_per_s() const;  ///< written, by the clock
};
/// tasks, success, success_low, success_high, tokens_per_s; where known also
/// joules_per_solved_task and joules_per_solved_task_half_width95.
[[nodiscard]] Json to_json(const AgentScore& score);

struct AgentPlanResult {
  AgentSetting setting;
  std::filesystem::path file;
  std::uint64_t file_bytes = 0;
  AgentScore score;                      ///< on the tasks by which the setting is chosen
  std::optional<PairedDifference> drop;  ///< of success, from the baseline's on the same tasks
  std::optional<AgentScore> test;        ///< baseline and chosen only
  Decision decision = Decision::kAccepted;
  std::string reason;
};

struct AgentStudyResult {
  std::vector<AgentPlanResult> plans;     ///< the first is the baseline
  std::size_t chosen = 0;                 ///< index
  PairedDifference test_drop;             ///< of the chosen one on the test tasks
  std::optional<Summary> test_log_ratio;  ///< log of its joules per solved task to the baseline's
  meter::Quality quality = meter::Quality::kUnavailable;
  std::string verdict;  ///< one sentence
};

/// Tries {as is, Q8_0, Q4_0} × thread counts × {one by one, side by side, prefixes kept, lookup}
/// and writes model.gguf, plan.json, ledger.sqlite and report.html into `out_dir`, each complete or
/// not at all.
///
/// The baseline is the file as given on as many threads as CPUs, one agent at a time, every step's
/// prompt computed anew.  A setting is accepted when the one-sided upper 95 % bound of its drop of
/// success is within `max_drop`; of the accepted ones, the one of the fewest joules per solved task
/// is chosen if it is surely below the baseline.  What the verdict says was measured on the test
/// tasks; if the bound does not hold there, the baseline stays.
///
/// Errors: those of the parts; kUnsupported when the meter cannot weigh anything or the baseline
///         solves no task; kInvalidArgument for a suite of fewer tasks than two rounds.
[[nodiscard]] AgentStudyResult optimize_agents(const AgentStudyOptions& options);

/// The settings that a study tries of one file, the baseline's kind first.
[[nodiscard]] std::vector<AgentSetting> agent_settings(const std::vector<std::string>& transforms,
                                                       const std::vector<std::size_t>& threads,
                                                       std::size_t agents);

/// Decides by scores alone: fills drop, decision, reason and `chosen`.
void judge_agents(AgentStudyResult& result, double max_drop);

}  // namespace frugal::study
