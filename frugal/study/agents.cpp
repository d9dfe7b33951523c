#include "frugal/study/agents.h"

#include <algorithm>
#include <cmath>

#include "frugal/agent/loop.h"
#include "frugal/agent/suite.h"
#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"
#include "frugal/engine/speculate.h"
#include "frugal/meter/window.h"
#include "frugal/study/agent_record.h"
#include "frugal/study/agent_rounds.h"
#include "frugal/study/candidates.h"
#include "frugal/study/setup.h"

// How the study keeps its figures honest: settings are compared on the same tasks, round by round
// in changing order; success is paired by task; and what the verdict says was measured on tasks
// that had no part in the choice.

namespace frugal::study {

namespace {

AgentStudyOptions completed(AgentStudyOptions options) {
  options.threads = thread_counts(std::move(options.threads));
  if (options.kernels == nullptr) options.kernels = &kernels::choose_kernels("");
  if (options.agents == 0 || options.tasks_per_round == 0) {
    throw Error(ErrorKind::kInvalidArgument, "a study needs agents and tasks from 1 up");
  }
  return options;
}

std::vector<agent::Task> read_tasks(const std::filesystem::path& path, std::size_t per_round) {
  auto tasks = agent::read_suite(read_text_file(path), path.string());
  if (tasks.size() < 2 * per_round) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: {} tasks, expected at least {} for an interval", path.string(),
                    tasks.size(), 2 * per_round));
  }
  return tasks;
}

// Runs tasks as one of the plans says, one engine at a time in memory per plan.
class Runner {
 public:
  Runner(const AgentStudyOptions& options, const std::vector<Candidate>& candidates,
         const std::vector<AgentPlanResult>& plans)
      : options_(options), plans_(plans), meter_(options.make_meter()) {
    for (const AgentPlanResult& plan : plans) {
      const auto candidate = std::find_if(
          candidates.begin(), candidates.end(),
          [&](const Candidate& one) { return one.transform == plan.setting.transform; });
      engines_.push_back(std::make_unique<engine::Engine>(
          candidate->model,
          engine::EngineOptions{.threads = plan.setting.threads, .kernels = options.kernels}));
    }
  }

  WeighedTasks operator()(std::size_t index, std::span<const agent::Task> tasks) {
    const AgentSetting& setting = plans_[index].setting;
    agent::LoopOptions loop;
    loop.sampler.temperature = static_cast<float>(options_.temperature);
    loop.seed = options_.seed;
    loop.concurrency = setting.agents;
    loop.share_prefixes = setting.keep_prefixes;
    if (setting.lookup) loop.proposer = [] { return std::make_unique<engine::PromptLookup>(); };
    WeighedTasks weighed;
    weighed.readings = meter::measure(*meter_, [&] {
      const agent::LoopResult result = agent::run_tasks(*engines_[index], tasks, loop);
      for (const agent::Outcome& outcome : result.outcomes) {
        weighed.success.push_back(outcome.success);
      }
      weighed.work = result.work;
    });
    return weighed;
  }

 private:
  const AgentStudyOptions& options_;
  const std::vector<AgentPlanResult>& plans_;
  std::unique_ptr<meter::Meter> meter_;
  std::vector<std::unique_ptr<engine::Engine>> engines_;
};

std::vector<AgentPlanResult> list_plans(const AgentStudyOptions& options,
                                        const std::vector<Candidate>& candidates) {
  std::vector<std::string> transforms;
  for (const Candidate& candidate : candidates) transforms.push_back(candidate.transform);
  std::vector<AgentPlanResult> plans;
  for (const AgentSetting& setting : agent_settings(transforms, options.threads, options.agents)) {
    AgentPlanResult plan;
    plan.setting = setting;
    const auto at = std::find(transforms.begin(), transforms.end(), setting.transform);
    const Candidate& candidate = candidates[static_cast<std::size_t>(at - transforms.begin())];
    plan.file = candidate.file;
    plan.file_bytes = candidate.model.file->file_bytes();
    plans.push_back(std::move(plan));
  }
  return plans;
}

PairedDifference drop_of(const AgentScore& baseline, const AgentScore& score) {
  std::size_t lost = 0;
  std::size_t won = 0;
  for (std::size_t i = 0; i < score.success.size(); ++i) {
    lost += baseline.success[i] && !score.success[i] ? 1U : 0U;
    won += !baseline.success[i] && score.success[i] ? 1U : 0U;
  }
  return paired_difference(lost, won, score.success.size());
}

Summary log_ratio(const AgentScore& score, const AgentScore& baseline) {
  const std::size_t rounds = score.joules.size();
  const auto first = [&](const std::vector<double>& all) { return std::span(all).first(rounds); };
  return summarise_log_ratio({first(score.joules), first(score.solved)},
                             {first(baseline.joules), first(baseline.solved)});
}

std::string points(double share) {
  return str("{:.1f} points", 100.0 * share);
}

// Surely fewer joules per solved task than the baseline, over the same rounds.
bool surely_cheaper(const AgentScore& score, const AgentScore& baseline) {
  return log_ratio(score, baseline).upper95() < 0.0;
}

// Fills decision and reason; returns whether the plan may be chosen.
bool decide(AgentPlanResult& plan, const AgentScore& baseline, double max_drop) {
  plan.decision = Decision::kRefused;
  if (plan.score.stopped) {
    plan.decision = Decision::kStopped;
    plan.reason = str("others needed fewer joules after {} tasks", plan.score.tasks());
    return false;
  }
  if (plan.score.successes() == 0) {
    plan.reason = "solves no task";
    return false;
  }
  if (plan.drop->upper95 > max_drop) {
    plan.reason = str("may solve {:.1f} fewer tasks in 100 (upper 95 %), more than {:g}",
                      100.0 * plan.drop->upper95, 100.0 * max_drop);
    return false;
  }
  plan.decision = Decision::kAccepted;
  const bool cheaper = surely_cheaper(plan.score, baseline);
  plan.reason = cheaper ? "within the bound, fewer joules than the baseline"
                        : "within the bound, no sure saving";
  return cheaper;
}

// Why a choice does not stand on the test tasks; empty: it does.
std::string objection(const AgentStudyResult& result, double max_drop) {
  if (result.test_drop.upper95 > max_drop) {
    return str("on the test tasks it may solve {:.1f} fewer in 100 (upper 95 %), more than {:g}",
               100.0 * result.test_drop.upper95, 100.0 * max_drop);
  }
  if (!result.test_log_ratio) return "solves no test task, or the baseline does not";
  if (result.test_log_ratio->upper95() >= 0.0) return "no sure saving on the test tasks";
  return "";
}

// Baseline and chosen on tasks that had no part in the choice.
void examine(AgentStudyResult& result, const AgentStudyOptions& options,
             std::span<const agent::Task> tasks, const RunTasksFn& run) {
  std::vector<std::size_t> plans = {0};
  if (result.chosen != 0) plans.push_back(result.chosen);
  const auto scores = weigh_settings(
      plans.size(), tasks,
      [&](std::size_t i, std::span<const agent::Task> chunk) { return run(plans[i], chunk); },
      {.tasks_per_round = options.tasks_per_round,
       .seed = options.seed,
       .stage = "test",
       .progress = options.progress});
  for (std::size_t i = 0; i < plans.size(); ++i) result.plans[plans[i]].test = scores[i];
  if (plans.size() == 1) return;
  result.test_drop = drop_of(scores[0], scores[1]);
  if (scores[0].successes() > 0 && scores[1].successes() > 0) {
    result.test_log_ratio = log_ratio(scores[1], scores[0]);
  }
  std::string why = objection(result, options.max_drop);
  if (why.empty()) return;
  AgentPlanResult& plan = result.plans[result.chosen];
  plan.decision = Decision::kRefused;
  plan.reason = std::move(why);
  result.chosen = 0;
  result.plans[0].decision = Decision::kChosen;
}

std::string verdict_of(const AgentStudyResult& result, double max_drop) {
  const AgentPlanResult& baseline = result.plans[0];
  const AgentPlanResult& chosen = result.plans[result.chosen];
  const std::string label = baseline.setting.label();
  if (result.chosen == 0) {
    return str("No setting is surely cheaper within the bound: keep {}.", label);
  }
  const Summary& ratio = *result.test_log_ratio;
  const double left = std::exp(ratio.mean);
  return str(
      "{} needs {:.0f} % ± {:.0f} % fewer joules per solved task than {}; it solves {:.1f} % of {} "
      "test tasks instead of {:.1f} %, a drop of at most {} (upper 95 %), within {}.",
      chosen.setting.label(), 100.0 * (1.0 - left), 100.0 * left * ratio.half_width95(), label,
      100.0 * chosen.test->success_rate().value, chosen.test->tasks(),
      100.0 * baseline.test->success_rate().value, points(std::max(0.0, result.test_drop.upper95)),
      points(max_drop));
}

}  // namespace

std::string AgentSetting::label() const {
  std::string text = str("{}, {} thread{}, {} agent{}", transform, threads, threads == 1 ? "" : "s",
                         agents, agents == 1 ? "" : "s");
  if (keep_prefixes) text += ", prefixes kept";
  if (lookup) text += ", lookup";
  return text;
}

std::size_t AgentScore::successes() const {
  return static_cast<std::size_t>(std::count(success.begin(), success.end(), true));
}

std::optional<Summary> AgentScore::joules_per_solved() const {
  if (successes() == 0) return std::nullopt;
  return summarise_ratio(joules, solved);
}

double AgentScore::tokens_per_s() const {
  const double seconds = receipt.total.time.value();
  if (seconds <= 0.0) return 0.0;
  return static_cast<double>(work.total().output_tokens) / seconds;
}

Json to_json(const AgentScore& score) {
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

std::vector<AgentSetting> agent_settings(const std::vector<std::string>& transforms,
                                         const std::vector<std::size_t>& threads,
                                         std::size_t agents) {
  std::vector<AgentSetting> settings = {{transforms.front(), usable_cpus(), 1, false, false}};
  for (const std::string& transform : transforms) {
    for (const std::size_t count : threads) {
      for (const AgentSetting& setting : {AgentSetting{transform, count, 1, false, false},
                                          AgentSetting{transform, count, 1, true, false},
                                          AgentSetting{transform, count, agents, true, false},
                                          AgentSetting{transform, count, agents, true, true}}) {
        if (std::find(settings.begin(), settings.end(), setting) == settings.end()) {
          settings.push_back(setting);
        }
      }
    }
  }
  return settings;
}

void judge_agents(AgentStudyResult& result, double max_drop) {
  AgentPlanResult& baseline = result.plans[0];
  baseline.reason = "the file as given on all CPUs, one agent at a time, nothing kept";
  result.chosen = 0;
  double fewest = baseline.score.joules_per_solved()->mean;
  for (std::size_t i = 1; i < result.plans.size(); ++i) {
    AgentPlanResult& plan = result.plans[i];
    plan.drop = drop_of(baseline.score, plan.score);
    if (!decide(plan, baseline.score, max_drop)) continue;
    const double joules = plan.score.joules_per_solved()->mean;
    if (joules < fewest) {
      fewest = joules;
      result.chosen = i;
    }
  }
  AgentPlanResult& chosen = result.plans[result.chosen];
  chosen.decision = Decision::kChosen;
  if (result.chosen != 0) chosen.reason = "fewest joules per solved task within the bound";
}

AgentStudyResult optimize_agents(const AgentStudyOptions& given) {
  const AgentStudyOptions options = completed(given);
  refuse_to_replace_input(options);
  const auto tasks = read_tasks(options.suite, options.tasks_per_round);
  const auto test =
      options.test.empty() ? tasks : read_tasks(options.test, options.tasks_per_round);
  const WorkFolder folder(options.out_dir / ".optimize");
  const std::unique_ptr<meter::Meter> whole = options.make_meter();
  ledger::Ledger ledger(options.out_dir / "ledger.sqlite");

  meter::Span whole_span(*whole);
  const auto candidates = make_roundings(options.model, folder, options.progress);
  AgentStudyResult result;
  result.quality = quality_of(options.make_meter);
  const ledger::RunId study = begin_agent_study(ledger, options, result, *whole);
  result.plans = list_plans(options, candidates);
  Runner runner(options, candidates, result.plans);
  const RunTasksFn run = [&](std::size_t i, std::span<const agent::Task> chunk) {
    return runner(i, chunk);
  };
  const auto scores = weigh_settings(result.plans.size(), tasks, run,
                                     {.tasks_per_round = options.tasks_per_round,
                                      .seed = options.seed,
                                      .stage = "choose",
                                      .progress = options.progress});
  for (std::size_t i = 0; i < scores.size(); ++i) result.plans[i].score = scores[i];
  if (scores[0].successes() == 0) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: solves none of {} tasks of {}, expected a model that can call tools",
                    options.model.string(), tasks.size(), options.suite.string()));
  }
  judge_agents(result, options.max_drop);
  examine(result, options, test, run);
  const meter::Reading search = meter::total(whole_span.stop());
  result.verdict = verdict_of(result, options.max_drop);

  write_choice(options, result.plans[result.chosen].file, agent_plan_json(options, result));
  record_agent_study(ledger, study, options, result, search);
  if (options.write_report) options.write_report(ledger, options.out_dir / "report.html");
  return result;
}

}  // namespace frugal::study
