#include "frugal/study/agent_record.h"

#include "frugal/base/str.h"
#include "frugal/study/record.h"

namespace frugal::study {

namespace {

const std::filesystem::path& test_of(const AgentStudyOptions& options) {
  return options.test.empty() ? options.suite : options.test;
}

// `prefix` is "test_" for the figures of the test tasks.
void record_score(ledger::Ledger& ledger, ledger::RunId run, const AgentScore& score,
                  const std::string& prefix) {
  ledger.add_metric(run, with_interval(prefix + "success", score.success_rate(), score.tasks()));
  if (const auto joules = score.joules_per_solved()) {
    ledger.add_metric(run, with_interval(prefix + "joules_per_solved_task", *joules));
  }
}

ledger::Metric drop_metric(std::string_view name, const PairedDifference& drop, std::size_t tasks) {
  ledger::Metric metric = plain(name, drop.value, static_cast<std::int64_t>(tasks));
  metric.high = drop.upper95;
  return metric;
}

ledger::RunId record_plan(ledger::Ledger& ledger, ledger::RunId study,
                          const AgentStudyOptions& options, const AgentPlanResult& plan,
                          bool baseline) {
  const AgentSetting& setting = plan.setting;
  const Json settings = {{"transform", setting.transform}, {"threads", setting.threads},
                         {"agents", setting.agents},       {"prefixes_kept", setting.keep_prefixes},
                         {"lookup", setting.lookup},       {"baseline", baseline}};
  const ledger::RunId run = ledger.begin(info_of(options, setting.label(), settings), study);
  record_score(ledger, run, plan.score, "");
  if (plan.drop) {
    ledger.add_metric(run, drop_metric("success_drop", *plan.drop, plan.score.tasks()));
  }
  if (plan.test) record_score(ledger, run, *plan.test, "test_");
  ledger.add_metric(run, plain("tokens_per_s", plan.score.tokens_per_s()));
  ledger.add_metric(run, plain("file_bytes", static_cast<double>(plan.file_bytes)));
  ledger.add_readings(run, {plan.score.receipt.total});
  ledger.add_receipt(run, plan.score.receipt);
  ledger.add_note(run, {"decision", std::string(decision_name(plan.decision))});
  ledger.add_note(run, {"reason", plan.reason});
  ledger.finish(run);
  return run;
}

}  // namespace

ledger::RunId begin_agent_study(ledger::Ledger& ledger, const AgentStudyOptions& options,
                                const AgentStudyResult& result, const meter::Meter& meter) {
  const Json settings = {{"suite", options.suite.filename().string()},
                         {"test", test_of(options).filename().string()},
                         {"temperature", options.temperature},
                         {"bound",
                          {{"metric", "success_drop"},
                           {"limit", options.max_drop},
                           {"limit_text", str("{:g} tasks in 100", 100.0 * options.max_drop)}}},
                         {"tasks_per_round", options.tasks_per_round},
                         {"seed", options.seed},
                         {"isa", kernels::isa_name(options.kernels->isa)},
                         {"meter", meter_json(meter, result.quality)}};
  return ledger.begin(info_of(options, "", settings));
}

void record_agent_study(ledger::Ledger& ledger, ledger::RunId study,
                        const AgentStudyOptions& options, const AgentStudyResult& result,
                        const meter::Reading& search) {
  ledger::RunId chosen = 0;
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const ledger::RunId run = record_plan(ledger, study, options, result.plans[i], i == 0);
    if (i == result.chosen) chosen = run;
  }
  if (result.test_log_ratio) {
    ledger.add_metric(
        study, drop_metric("test_success_drop", result.test_drop, result.plans[0].test->tasks()));
    ledger.add_metric(study, with_interval("test_log_joules_ratio", *result.test_log_ratio));
  }
  finish_study(ledger, study, search, result.verdict, chosen);
}

Json agent_plan_json(const AgentStudyOptions& options, const AgentStudyResult& result) {
  const AgentPlanResult& chosen = result.plans[result.chosen];
  Json transforms = Json::array();
  if (chosen.setting.transform != "as is") {
    transforms.push_back(
        {{"kind", "quantize"}, {"type", chosen.setting.transform}, {"method", "nearest"}});
  }
  const double upper = result.chosen == 0 ? 0.0 : result.test_drop.upper95;
  return {{"version", 1},
          {"model",
           {{"file", "model.gguf"}, {"source", model_name(options)}, {"transforms", transforms}}},
          {"runtime",
           {{"threads", chosen.setting.threads},
            {"isa", kernels::isa_name(options.kernels->isa)},
            {"kv", "f16"},
            {"agents", chosen.setting.agents},
            {"prefixes_kept", chosen.setting.keep_prefixes},
            {"lookup", chosen.setting.lookup},
            {"temperature", options.temperature}}},
          {"evidence",
           {{"suite", test_of(options).filename().string()},
            {"quality", meter::quality_name(result.quality)},
            {"baseline", to_json(*result.plans[0].test)},
            {"chosen", to_json(*chosen.test)},
            {"bound",
             {{"metric", "success_drop"},
              {"limit", options.max_drop},
              {"upper95", upper},
              {"held", upper <= options.max_drop}}}}}};
}

}  // namespace frugal::study
