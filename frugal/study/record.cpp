#include "frugal/study/record.h"

#include "frugal/base/machine.h"
#include "frugal/base/str.h"

namespace frugal::study {

std::string_view decision_name(Decision decision) {
  switch (decision) {
    case Decision::kChosen:
      return "chosen";
    case Decision::kAccepted:
      return "accepted";
    case Decision::kRefused:
      return "refused";
    case Decision::kStopped:
      return "stopped";
  }
  return "refused";
}

ledger::Metric plain(std::string_view name, double value, std::int64_t count) {
  return {.name = std::string(name),
          .value = value,
          .std_err = {},
          .low = {},
          .high = {},
          .count = count};
}

ledger::Metric with_interval(std::string_view name, const Summary& summary) {
  ledger::Metric metric = plain(name, summary.mean, static_cast<std::int64_t>(summary.count));
  if (summary.count >= 2) {
    metric.std_err = summary.std_err;
    metric.low = summary.mean - summary.half_width95();
    metric.high = summary.mean + summary.half_width95();
  }
  return metric;
}

ledger::Metric with_interval(std::string_view name, const Proportion& share, std::size_t count) {
  ledger::Metric metric = plain(name, share.value, static_cast<std::int64_t>(count));
  metric.low = share.low;
  metric.high = share.high;
  return metric;
}

Json meter_json(const meter::Meter& meter, meter::Quality quality) {
  return {{"name", meter.name()},
          {"description", meter.description()},
          {"quality", meter::quality_name(quality)}};
}

// A folder may be given with a slash at its end.
std::string model_name(const StudyOptions& options) {
  const std::filesystem::path& path = options.model;
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

ledger::RunInfo info_of(const StudyOptions& options, std::string plan, const Json& settings) {
  return {.verb = "optimize",
          .command = options.command,
          .model = model_name(options),
          .plan = std::move(plan),
          .settings = to_line(settings),
          .machine = to_line(this_machine()),
          .version = options.version};
}

void finish_study(ledger::Ledger& ledger, ledger::RunId study, const meter::Reading& search,
                  const std::string& verdict, ledger::RunId chosen) {
  ledger.add_readings(study, {search});
  if (search.quality != meter::Quality::kUnavailable) {
    ledger::Metric energy = plain("search_energy_j", search.energy.value());
    energy.std_err = search.uncertainty.value();
    ledger.add_metric(study, energy);
  }
  ledger.add_metric(study, plain("search_time_s", search.time.value()));
  ledger.add_note(study, {"verdict", verdict});
  ledger.add_note(study, {"chosen", str("{}", chosen)});
  ledger.finish(study);
}

namespace {

void record_quality(ledger::Ledger& ledger, ledger::RunId run, const PlanResult& plan) {
  ledger::Metric nll = plain("nll", plan.score.nll, static_cast<std::int64_t>(plan.score.tokens));
  nll.std_err = plan.score.nll_std_err;
  ledger.add_metric(run, nll);
  if (!plan.comparison) {
    if (plan.baseline) return;
    ledger::Metric none = plain("nll_increase", 0.0);  // the same model on other threads
    none.high = 0.0;
    ledger.add_metric(run, none);
    return;
  }
  const eval::Comparison& c = *plan.comparison;
  ledger::Metric increase = with_interval("nll_increase", c.nll_increase);
  increase.low.reset();
  increase.high = c.nll_increase.upper95();
  ledger.add_metric(run, increase);
  const auto tokens = static_cast<std::int64_t>(plan.score.tokens);
  ledger::Metric kld = plain("kld", c.kld, tokens);
  kld.std_err = c.kld_std_err;
  ledger.add_metric(run, kld);
  ledger.add_metric(run, plain("kld_p99", c.kld_p99, tokens));
  ledger::Metric same = plain("same_top", c.same_top.value, tokens);
  same.low = c.same_top.low;
  same.high = c.same_top.high;
  ledger.add_metric(run, same);
}

ledger::RunId record_plan(ledger::Ledger& ledger, ledger::RunId study,
                          const OptimizeOptions& options, const PlanResult& plan) {
  const Json settings = {
      {"transform", plan.transform}, {"threads", plan.threads}, {"baseline", plan.baseline}};
  const ledger::RunId run = ledger.begin(info_of(options, plan.label(), settings), study);
  ledger.add_metric(run, with_interval("joules_per_token", plan.joules_per_token()));
  ledger.add_metric(run, with_interval("tokens_per_s", plan.tokens_per_s()));
  ledger.add_metric(run, plain("file_bytes", static_cast<double>(plan.file_bytes)));
  record_quality(ledger, run, plan);
  ledger.add_readings(run, {plan.receipt.total});
  ledger.add_receipt(run, plan.receipt);
  ledger.add_note(run, {"decision", std::string(decision_name(plan.decision))});
  ledger.add_note(run, {"reason", plan.reason});
  ledger.finish(run);
  return run;
}

Json evidence_of(const PlanResult& plan) {
  const Summary joules = plan.joules_per_token();
  return {{"joules_per_token", joules.mean},
          {"joules_per_token_half_width95", joules.half_width95()},
          {"tokens_per_s", plan.tokens_per_s().mean},
          {"nll", plan.score.nll},
          {"nll_std_err", plan.score.nll_std_err}};
}

}  // namespace

ledger::RunId begin_study(ledger::Ledger& ledger, const OptimizeOptions& options,
                          const OptimizeResult& result, const meter::Meter& meter) {
  const Json settings = {
      {"workload",
       {{"prompt_tokens", options.prompt_tokens}, {"output_tokens", options.output_tokens}}},
      {"text", options.text.filename().string()},
      {"eval_tokens", options.eval_tokens},
      {"eval_context", options.eval_context},
      {"bound",
       {{"metric", "nll_increase"},
        {"limit", result.limit_nats},
        {"limit_text", options.max_drop.text()}}},
      {"repeats", {{"min", options.min_repeats}, {"max", options.max_repeats}}},
      {"precision", options.precision},
      {"seed", options.seed},
      {"isa", kernels::isa_name(options.kernels->isa)},
      {"meter", meter_json(meter, result.quality)}};
  return ledger.begin(info_of(options, "", settings));
}

void record_study(ledger::Ledger& ledger, ledger::RunId study, const OptimizeOptions& options,
                  const OptimizeResult& result, const meter::Reading& search) {
  ledger::RunId chosen = 0;
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const ledger::RunId run = record_plan(ledger, study, options, result.plans[i]);
    if (i == result.chosen) chosen = run;
  }
  finish_study(ledger, study, search, result.verdict, chosen);
}

Json plan_json(const OptimizeOptions& options, const OptimizeResult& result) {
  const PlanResult& chosen = result.plans[result.chosen];
  Json transforms = Json::array();
  if (chosen.comparison) {
    transforms.push_back({{"kind", "quantize"}, {"type", chosen.transform}, {"method", "nearest"}});
  }
  // The same model on other threads rises by nothing.
  const double upper = chosen.comparison ? chosen.comparison->nll_increase.upper95() : 0.0;
  const Json bound = {{"metric", "nll_increase"},
                      {"limit", result.limit_nats},
                      {"upper95", upper},
                      {"held", upper <= result.limit_nats}};
  return {{"version", 1},
          {"model",
           {{"file", "model.gguf"}, {"source", model_name(options)}, {"transforms", transforms}}},
          {"runtime",
           {{"threads", chosen.threads},
            {"isa", kernels::isa_name(options.kernels->isa)},
            {"kv", "f16"}}},
          {"evidence",
           {{"text", options.text.filename().string()},
            {"workload",
             {{"prompt_tokens", options.prompt_tokens}, {"output_tokens", options.output_tokens}}},
            {"quality", meter::quality_name(result.quality)},
            {"baseline", evidence_of(result.plans[result.baseline])},
            {"chosen", evidence_of(chosen)},
            {"bound", bound}}}};
}

}  // namespace frugal::study
