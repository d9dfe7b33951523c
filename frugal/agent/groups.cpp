#include "frugal/agent/groups.h"

#include "frugal/agent/score.h"
#include "frugal/base/error.h"

namespace frugal::agent {

namespace {

std::string group_of(const Task& task, Grouping grouping) {
  if (grouping == Grouping::kAll) return "all";
  return grouping == Grouping::kScenario ? task.scenario : task.scenario + "/" + task.intent;
}

/// Trials and successes of one task.
struct Tally {
  std::size_t trials = 0;
  std::size_t successes = 0;
};

GroupScore group_score(const std::string& name, const std::map<std::size_t, Tally>& tasks) {
  GroupScore score;
  score.name = name;
  score.tasks = tasks.size();
  std::vector<std::size_t> successes;
  std::size_t trials = 0;
  for (const auto& [task, tally] : tasks) {
    FRUGAL_CHECK(trials == 0 || trials == tally.trials);
    trials = tally.trials;
    score.trials += tally.trials;
    score.successes += tally.successes;
    successes.push_back(tally.successes);
  }
  score.success = wilson95(score.successes, score.trials);
  for (std::size_t k = 1; k <= trials; ++k) {
    score.pass.push_back(pass_hat(successes, trials, k));
  }
  return score;
}

}  // namespace

std::vector<GroupScore> score_groups(std::span<const Task> tasks, std::span<const Outcome> outcomes,
                                     Grouping grouping) {
  std::map<std::string, std::map<std::size_t, Tally>> groups;
  for (const Outcome& outcome : outcomes) {
    FRUGAL_CHECK(outcome.task < tasks.size());
    Tally& tally = groups[group_of(tasks[outcome.task], grouping)][outcome.task];
    ++tally.trials;
    tally.successes += outcome.success ? 1 : 0;
  }
  std::map<std::string, GroupScore> found;
  for (const auto& [name, tallies] : groups) found[name] = group_score(name, tallies);
  for (const Outcome& outcome : outcomes) {
    GroupScore& score = found[group_of(tasks[outcome.task], grouping)];
    ++score.statuses[outcome.status];
    score.prompt_tokens += outcome.prompt_tokens;
    score.output_tokens += outcome.output_tokens;
  }
  std::vector<GroupScore> list;
  for (auto& [name, score] : found) list.push_back(std::move(score));
  return list;
}

}  // namespace frugal::agent
