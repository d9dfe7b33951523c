#include "frugal/cli/agent_figures.h"

#include "frugal/agent/groups.h"
#include "frugal/base/str.h"
#include "frugal/cli/json_of.h"

namespace frugal::cli {

namespace {

/// Energy of a part of the work, for each of `count` equal shares.
Json share_json(const account::Share& energy, std::size_t count) {
  const auto n = static_cast<double>(count);
  return {{"energy_j", energy.energy.value() / n},
          {"energy_j_std", energy.uncertainty.value() / n}};
}

/// Joules per trial or per solved trial, whole and by phase.
Json joules_json(const account::Receipt& receipt, std::size_t count) {
  Json json = share_json({receipt.total.energy, receipt.total.uncertainty}, count);
  json["quality"] = meter::quality_name(receipt.total.quality);
  for (const Phase phase : kAllPhases) {
    const bool idle = phase == Phase::kIdle;
    if (!idle && receipt.work[phase] == PhaseWork{}) continue;
    json["phases"][phase_name(phase)] = share_json(receipt[phase], count);
  }
  return json;
}

Json group_json(const agent::GroupScore& group) {
  Json json = {{"name", group.name},
               {"tasks", group.tasks},
               {"trials", group.trials},
               {"successes", group.successes},
               {"success", group.success.value},
               {"success_low", group.success.low},
               {"success_high", group.success.high},
               {"pass", group.pass},
               {"prompt_tokens", group.prompt_tokens},
               {"output_tokens", group.output_tokens}};
  for (const auto& [status, count] : group.statuses) {
    json["statuses"][agent::status_name(status)] = count;
  }
  return json;
}

Json groups_json(std::span<const agent::Task> tasks, std::span<const agent::Outcome> outcomes,
                 agent::Grouping grouping) {
  Json json = Json::array();
  for (const auto& group : agent::score_groups(tasks, outcomes, grouping)) {
    json.push_back(group_json(group));
  }
  return json;
}

std::string group_line(const agent::GroupScore& group) {
  std::string line = str("{:<18} {:>6} {:>7} {:>7.1f} % ({:>5.1f} to {:>5.1f})", group.name,
                         group.tasks, group.trials, 100.0 * group.success.value,
                         100.0 * group.success.low, 100.0 * group.success.high);
  for (const double pass : group.pass) line += str(" {:>7.1f} %", 100.0 * pass);
  return line + "\n";
}

std::string joules_line(std::string_view of, const account::Receipt& receipt, std::size_t count) {
  if (count == 0) return "";
  const auto n = static_cast<double>(count);
  const auto figure = [n](const account::Share& energy) {
    return str("{} ± {}", human_si(energy.energy.value() / n, "J"),
               human_si(energy.uncertainty.value() / n, "J"));
  };
  std::string line =
      str("per {:<13} {} ({})", of, figure({receipt.total.energy, receipt.total.uncertainty}),
          meter::quality_name(receipt.total.quality));
  for (const Phase phase : kAllPhases) {
    if (phase != Phase::kIdle && receipt.work[phase] == PhaseWork{}) continue;
    line += str("; {} {}", phase_name(phase), figure(receipt[phase]));
  }
  return line + "\n";
}

}  // namespace

std::string agent_text(std::span<const agent::Task> tasks, std::span<const agent::Outcome> outcomes,
                       const account::Receipt& receipt) {
  const auto all = agent::score_groups(tasks, outcomes, agent::Grouping::kAll);
  std::string text = str("{:<18} {:>6} {:>7} {:>26}", "scenario", "tasks", "trials", "success");
  for (std::size_t k = 1; k <= all.front().pass.size(); ++k) text += str("    pass^{}", k);
  text += "\n";
  for (const auto& group : agent::score_groups(tasks, outcomes, agent::Grouping::kScenario)) {
    text += group_line(group);
  }
  text += group_line(all.front());
  for (const auto& [status, count] : all.front().statuses) {
    text += str("{} {}  ", agent::status_name(status), count);
  }
  const PhaseWork work = receipt.work.total();
  text += str("\ntokens: {} computed of prompts, {} found in the cache, {} written\n",
              work.prompt_tokens, work.cached_tokens, work.output_tokens);
  text += str("energy             {} in {:.3g} s\n", text_of(receipt.total),
              receipt.total.time.value());
  if (receipt.total.quality == meter::Quality::kUnavailable) return text;
  text += joules_line("task", receipt, all.front().trials);
  return text + joules_line("solved task", receipt, all.front().successes);
}

Json agent_json(std::span<const agent::Task> tasks, std::span<const agent::Outcome> outcomes,
                const account::Receipt& receipt) {
  Json json = groups_json(tasks, outcomes, agent::Grouping::kAll).front();
  json.erase("name");
  json["scenarios"] = groups_json(tasks, outcomes, agent::Grouping::kScenario);
  json["intents"] = groups_json(tasks, outcomes, agent::Grouping::kIntent);
  if (receipt.total.quality != meter::Quality::kUnavailable) {
    json["per_task"] = joules_json(receipt, json["trials"]);
    if (json["successes"] > 0) json["per_solved_task"] = joules_json(receipt, json["successes"]);
  }
  json["receipt"] = json_of(receipt);
  return json;
}

}  // namespace frugal::cli
