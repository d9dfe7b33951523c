#include "frugal/cli/optimize_agents.h"

#include "frugal/base/json.h"
#include "frugal/base/str.h"

namespace frugal::cli {

namespace {

std::string success_text(const study::AgentScore& score) {
  return str("{:.1f} % of {}", 100.0 * score.success_rate().value, score.tasks());
}

std::string row(std::string_view mark, const study::AgentPlanResult& plan,
                const study::AgentScore& score, std::string_view reason) {
  const std::string label = plan.setting.label();
  const auto joules = score.joules_per_solved();
  return str("{} {:<52} {:>10} {:>20} {:>14} {:>10.1f}  {}\n", mark, label,
             human_bytes(plan.file_bytes), joules ? joules_text(*joules) : "–", success_text(score),
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
  return table(result) + str("\n{}\n", result.verdict) +
         closing_lines(result.plans[0].score.receipt.total, "rounds", out);
}

Json to_json(const std::filesystem::path& out, const study::AgentStudyResult& result) {
  Json plans = Json::array();
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const study::AgentPlanResult& plan = result.plans[i];
    Json json = study::to_json(plan.score);
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
    if (plan.test) json["test"] = study::to_json(*plan.test);
    plans.push_back(json);
  }
  return {{"out", out.string()},
          {"quality", meter::quality_name(result.quality)},
          {"verdict", result.verdict},
          {"plans", plans}};
}

}  // namespace

std::string joules_text(const Summary& joules) {
  if (joules.count < 2) return human_si(joules.mean, "J");
  return str("{} ± {:.1f} %", human_si(joules.mean, "J"),
             100.0 * joules.half_width95() / joules.mean);
}

std::string closing_lines(const meter::Reading& energy, std::string_view repeats,
                          const std::filesystem::path& out) {
  return str(
      "Joules are {0} with a scale error of ± {1:.0f} % common to all rows, which cancels in their "
      "ratios; the ± of a row is the 95 % interval of its {2}.\n"
      "Written: {3}/model.gguf {3}/plan.json {3}/ledger.sqlite {3}/report.html\n",
      meter::quality_name(energy.quality), 100.0 * (energy.uncertainty / energy.energy), repeats,
      out.string());
}

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
