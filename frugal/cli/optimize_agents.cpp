#include "frugal/cli/optimize_agents.h"

#include "frugal/base/json.h"
#include "frugal/base/str.h"

namespace frugal::cli {

namespace {

std::string joules_text(const study::AgentScore& score) {
  const auto joules = score.joules_per_solved();
  if (!joules) return "–";
  if (joules->count < 2) return human_si(joules->mean, "J");
  return str("{} ± {:.1f} %", human_si(joules->mean, "J"),
             100.0 * joules->half_width95() / joules->mean);
}

std::string success_text(const study::AgentScore& score) {
  return str("{:.1f} % of {}", 100.0 * score.success_rate().value, score.tasks());
}

std::string row(std::string_view mark, const study::AgentPlanResult& plan,
                const study::AgentScore& score, std::string_view reason) {
  const std::string label = plan.setting.label();
  return str("{} {:<52} {:>10} {:>20} {:>14} {:>10.1f}  {}\n", mark, label,
             human_bytes(plan.file_bytes), joules_text(score), success_text(score),
             score.tokens_per_s(), reason);
}

std::string table(const study::AgentStudyResult& result) {
  std::string text = str("  {:<52} {:>10} {:>20} {:>14} {:>10}\n", "setting", "size",
                         "joules per solved", "solved", "token/s");
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const study::AgentPlanResult& plan = result.plans[i];
    text += row(i == result.chosen ? "*" : " ", plan, plan.score, plan.reason);
  }
  text += "\non the test tasks\n";
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const study::AgentPlanResult& plan = result.plans[i];
    if (plan.test) text += row(i == result.chosen ? "*" : " ", plan, *plan.test, "");
  }
  return text;
}

std::string summary(const std::filesystem::path& out, const study::AgentStudyResult& result) {
  const meter::Reading& energy = result.plans[0].score.receipt.total;
  std::string text = table(result);
  text += str("\n{}\n", result.verdict);
  text += str(
      "Joules are {} with a scale error of ± {:.0f} % common to all rows, which cancels in their "
      "ratios; the ± of a row is the 95 % interval of its rounds.\n",
      meter::quality_name(result.quality), 100.0 * (energy.uncertainty / energy.energy));
  return text + str("Written: {0}/model.gguf {0}/plan.json {0}/ledger.sqlite {0}/report.html\n",
                    out.string());
}

Json score_json(const study::AgentScore& score) {
  const Proportion success = score.success_rate();
  Json json = {{"tasks", score.tasks()},
               {"success", success.value},
               {"success_low", success.low},
               {"success_high", success.high},
               {"tokens_per_s", score.tokens_per_s()}};
  if (const auto joules = score.joules_per_solved()) {
    json["joules_per_solved_task"] = joules->mean;
    if (joules->count >= 2) json["joules_per_solved_task_half_width95"] = joules->half_width95();
  }
  return json;
}

Json to_json(const std::filesystem::path& out, const study::AgentStudyResult& result) {
  Json plans = Json::array();
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const study::AgentPlanResult& plan = result.plans[i];
    Json json = score_json(plan.score);
    json["plan"] = plan.setting.label();
    json["transform"] = plan.setting.transform;
    json["threads"] = plan.setting.threads;
    json["agents"] = plan.setting.agents;
    json["prefixes_kept"] = plan.setting.keep_prefixes;
    json["lookup"] = plan.setting.lookup;
    json["file_bytes"] = plan.file_bytes;
    json["baseline"] = i == 0;
    json["chosen"] = i == result.chosen;
    json["accepted"] =
        plan.decision == study::Decision::kChosen || plan.decision == study::Decision::kAccepted;
    json["reason"] = plan.reason;
    if (plan.drop) json["success_drop_upper95"] = plan.drop->upper95;
    if (plan.test) json["test"] = score_json(*plan.test);
    plans.push_back(json);
  }
  return {{"out", out.string()},
          {"quality", meter::quality_name(result.quality)},
          {"verdict", result.verdict},
          {"plans", plans}};
}

}  // namespace

void run_agent_study(const CommonOptions& common, study::AgentStudyOptions options) {
  study::AgentStudyResult result;
  {
    const ProgressFn progress = progress_of(common);
    options.progress = progress;
    result = study::optimize_agents(options);
    options.progress = {};
  }
  print_out(common.json ? to_line(to_json(options.out_dir, result)) + "\n"
                        : summary(options.out_dir, result));
}

}  // namespace frugal::cli
