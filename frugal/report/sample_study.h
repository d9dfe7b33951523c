#pragma once

/// A study as `frugal optimize` would leave it, for tests of the report.

#include <string>
#include <string_view>
#include <vector>

#include "frugal/ledger/ledger.h"

namespace frugal::report::sample {

/// The figures of one plan of the sample.
struct PlanFigures {
  std::string label;
  double joules_per_token = 0.0;  ///< its 95 % interval is ± 2 %
  double tokens_per_s = 0.0;
  double nll_increase = 0.0;  ///< its upper bound is a seventh more
  double file_mib = 0.0;
  std::string decision;
  std::string reason;
  bool baseline = false;  ///< then it has no figures that compare
};

inline ledger::Metric metric(std::string name, double value, double half_width,
                             std::int64_t count = 5) {
  return {.name = std::move(name),
          .value = value,
          .std_err = half_width / 2.0,
          .low = value - half_width,
          .high = value + half_width,
          .count = count};
}

/// 64 prompt tokens and 32 output tokens, three quarters of the energy in decode.
inline account::Receipt receipt(double joules) {
  account::Receipt out;
  out.total = {.domain = "cpu",
               .boundary = meter::Boundary::kDevice,
               .quality = meter::Quality::kModelled,
               .energy = Joules(joules),
               .uncertainty = Joules(0.5 * joules),
               .time = Seconds(joules / 6.0),
               .note = ""};
  const auto share = [&](Phase phase, double part) {
    out.phases[static_cast<std::size_t>(phase)] = {Joules(part * joules),
                                                   Joules(0.5 * part * joules)};
  };
  share(Phase::kPrefill, 0.1875);
  share(Phase::kDecode, 0.75);
  share(Phase::kIdle, 0.0625);
  out.work[Phase::kPrefill].prompt_tokens = 64;
  out.work[Phase::kDecode].output_tokens = 32;
  return out;
}

inline ledger::Run plan_run(ledger::RunId id, ledger::RunId parent, const PlanFigures& plan) {
  ledger::Run run;
  run.id = id;
  run.parent = parent;
  run.started_at = "2026-03-04T10:20:00Z";
  run.finished_at = "2026-03-04T10:21:00Z";
  run.info.verb = "optimize";
  run.info.model = "model.gguf";
  run.info.plan = plan.label;
  run.info.settings = plan.baseline ? R"({"transform":"as is","threads":2,"baseline":true})"
                                    : R"({"transform":"Q8_0","threads":2,"baseline":false})";
  run.info.version = "0.1.0";
  run.receipt = receipt(32.0 * plan.joules_per_token);
  run.metrics = {metric("joules_per_token", plan.joules_per_token, 0.02 * plan.joules_per_token),
                 metric("tokens_per_s", plan.tokens_per_s, 0.01 * plan.tokens_per_s),
                 {.name = "nll",
                  .value = 1.25 + plan.nll_increase,
                  .std_err = 0.004,
                  .low = {},
                  .high = {},
                  .count = 4096},
                 {.name = "file_bytes",
                  .value = plan.file_mib * 1048576.0,
                  .std_err = {},
                  .low = {},
                  .high = {},
                  .count = 1}};
  if (!plan.baseline) {
    ledger::Metric increase =
        metric("nll_increase", plan.nll_increase, 0.15 * plan.nll_increase, 4096);
    increase.low.reset();
    run.metrics.push_back(increase);
    run.metrics.push_back(metric("kld", 0.6 * plan.nll_increase, 0.05 * plan.nll_increase, 4096));
    run.metrics.push_back(metric("kld_p99", 7.0 * plan.nll_increase, plan.nll_increase, 4096));
    run.metrics.push_back(metric("same_top", 0.995 - 3.0 * plan.nll_increase, 0.004, 4096));
  }
  run.notes = {{"decision", plan.decision}, {"reason", plan.reason}};
  return run;
}

inline std::vector<PlanFigures> plans() {
  return {
      {"as is, 1 thread", 0.0412, 18.2, 0.0, 31.0, "accepted",
       "the file as given: every other plan is compared with it", true},
      {"as is, 2 threads", 0.0436, 31.0, 0.0, 31.0, "accepted",
       "same weights, same answers; the second thread costs more than it saves"},
      {"F16, 1 thread", 0.0351, 21.4, 0.0002, 15.6, "accepted", "within the bound"},
      {"Q8_0, 1 thread", 0.0227, 33.0, 0.0011, 8.4, "accepted", "within the bound"},
      {"Q8_0, 2 threads", 0.0239, 57.0, 0.0012, 8.4, "accepted", "within the bound"},
      {"Q4_K, 2 threads", 0.0171, 68.0, 0.0078, 5.1, "chosen",
       "the fewest joules of those within the bound"},
      {"Q4_0, 2 threads", 0.0163, 72.5, 0.0178, 4.7, "refused",
       "its upper bound 0.0205 is above the limit of 0.0125"},
      {"Q3_K, 2 threads", 0.0158, 70.1, 0.0297, 4.0, "refused",
       "its upper bound 0.0342 is above the limit of 0.0125"},
  };
}

inline constexpr std::string_view kVerdict =
    "Run it as Q4_K with 2 threads: an output token costs 58 % fewer joules, and the loss of "
    "quality stays within the bound of 1 %.";

/// The parent, run 1, and its plans, runs 2 to 9; run 7 is chosen.
inline std::vector<ledger::Run> runs() {
  ledger::Run parent;
  parent.id = 1;
  parent.started_at = "2026-03-04T10:15:30Z";
  parent.finished_at = "2026-03-04T10:31:07Z";
  parent.info = {
      .verb = "optimize",
      .command = "frugal optimize model.gguf --text story.txt --max-drop 1% -o out",
      .model = "model.gguf",
      .plan = "",
      .settings =
          R"({"workload":{"prompt_tokens":64,"output_tokens":32},"text":"story.txt",)"
          R"("bound":{"metric":"nll_increase","limit":0.0125,)"
          R"("limit_text":"1% of the baseline's NLL"},)"
          R"("seed":1,"isa":"avx2","meter":{"name":"model","description":"CPU seconds of this )"
          R"(process × 6 W per busy CPU, known to about ×/÷1.7","quality":"modelled"}})",
      .machine = R"({"processor":"Intel Xeon, 2 of 40 CPUs","cpus":2,)"
                 R"("memory_bytes":8589934592,"kernel":"Linux 6.1.0"})",
      .version = "0.1.0"};
  parent.metrics = {
      {.name = "search_energy_j",
       .value = 4210.0,
       .std_err = {},
       .low = {},
       .high = {},
       .count = 1},
      {.name = "search_time_s", .value = 937.0, .std_err = {}, .low = {}, .high = {}, .count = 1}};
  parent.notes = {{"verdict", std::string(kVerdict)}, {"chosen", "7"}};
  std::vector<ledger::Run> out = {parent};
  for (const PlanFigures& plan : plans()) {
    out.push_back(plan_run(static_cast<ledger::RunId>(out.size()) + 1, 1, plan));
  }
  return out;
}

/// The same study as one of agents: joules per solved task, tasks in 100.
inline std::vector<ledger::Run> agent_runs() {
  std::vector<ledger::Run> all = runs();
  std::string& settings = all.front().info.settings;
  settings.replace(settings.find("nll_increase"), 12, "success_drop");
  const std::string limit = "1% of the baseline's NLL";
  settings.replace(settings.find(limit), limit.size(), "1.25 tasks in 100");
  settings.insert(1, R"("suite":"validation.jsonl","test":"test.jsonl",)");
  for (ledger::Run& run : all) {
    for (ledger::Metric& one : run.metrics) {
      if (one.name == "joules_per_token") one.name = "joules_per_solved_task";
      if (one.name == "nll_increase") one.name = "success_drop";
    }
    if (run.parent) run.metrics.push_back(metric("success", 0.93, 0.02, 300));
  }
  for (ledger::Run& run : all) {
    if (run.note("decision") != "chosen") continue;
    run.metrics.push_back(metric("test_success", 0.94, 0.02, 300));
    run.metrics.push_back(metric("test_joules_per_solved_task", 0.018, 0.001, 20));
  }
  return all;
}

}  // namespace frugal::report::sample
