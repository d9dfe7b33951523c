#include "frugal/cli/agent_run.h"

#include <CLI/CLI.hpp>

#include "frugal/account/receipt.h"
#include "frugal/agent/loop.h"
#include "frugal/agent/suite.h"
#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/agent_figures.h"
#include "frugal/cli/common.h"
#include "frugal/cli/engine_option.h"
#include "frugal/cli/exit_option.h"
#include "frugal/cli/json_of.h"
#include "frugal/cli/kv_option.h"
#include "frugal/cli/meter_watch.h"

namespace frugal::cli {

namespace {

void write_transcripts(const AgentRunOptions& options, std::span<const agent::Task> tasks,
                       const agent::LoopResult& result) {
  if (options.transcripts.empty()) return;
  AtomicFile file(options.transcripts);
  for (const agent::Outcome& outcome : result.outcomes) {
    Json messages = Json::array();
    for (const auto& message : outcome.transcript) {
      messages.push_back({{"role", message.role}, {"content", message.content}});
    }
    const agent::Task& task = tasks[outcome.task];
    file.write(to_line({{"task", task.id},
                        {"intent", task.intent},
                        {"trial", outcome.trial},
                        {"status", agent::status_name(outcome.status)},
                        {"success", outcome.success},
                        {"output_tokens", outcome.output_tokens},
                        {"facts", task.facts},
                        {"messages", messages}}) +
               "\n");
  }
  file.commit();
}

void record(const AgentRunOptions& options, const std::string& command_line, const Json& json,
            const Watched& watched, const account::Receipt& receipt) {
  if (options.common.ledger.empty()) return;
  ledger::Ledger ledger(options.common.ledger);
  Json settings = json;
  settings.erase("receipt");
  const auto id = ledger.begin(run_info("agent", command_line, options.model, to_line(settings)));
  ledger::Metric success;
  success.name = "success";
  success.value = json["success"];
  success.low = json["success_low"].get<double>();
  success.high = json["success_high"].get<double>();
  success.count = json["trials"];
  ledger.add_metric(id, success);
  ledger.add_readings(id, watched.readings);
  ledger.add_receipt(id, receipt);
  ledger.add_power(id, watched.power);
  ledger.finish(id);
}

// A student learns from what its teacher said: sequence-level distillation.
void write_solved(const AgentRunOptions& options, std::span<const agent::Task> tasks,
                  const agent::LoopResult& result) {
  if (options.solved.empty()) return;
  AtomicFile file(options.solved);
  for (const agent::Outcome& outcome : result.outcomes) {
    if (!outcome.success) continue;
    file.write(agent::conversation_line(tasks[outcome.task], outcome.transcript));
  }
  file.commit();
}

std::vector<agent::Task> read_tasks(const AgentRunOptions& options) {
  auto tasks = agent::read_suite(read_input(options.suite), options.suite);
  if (tasks.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: no task, expected one a line", options.suite));
  }
  if (options.count > 0 && options.count < tasks.size()) tasks.resize(options.count);
  return tasks;
}

}  // namespace

void run_agents(const AgentRunOptions& options, const std::string& command_line) {
  const auto tasks = read_tasks(options);
  const model::Model model = model::load(options.model);
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  engine::EngineOptions engine_options = engine_options_of(options.common, model, *meter);
  engine_options.exit_confidence = options.exit_confidence;
  engine::Engine engine(model, engine_options);
  agent::LoopOptions loop;
  loop.trials = options.trials;
  loop.max_steps = options.max_steps;
  loop.max_tokens = options.max_tokens;
  loop.sampler.temperature = options.temperature;
  loop.concurrency = options.concurrency;
  loop.kv_positions = options.context;
  loop.seed = options.common.seed;
  loop.kv = kv_type_of(options.kv);
  loop.share_prefixes = !options.recompute;
  loop.progress = progress_of(options.common);
  if (options.lookup) loop.proposer = [] { return std::make_unique<engine::PromptLookup>(); };

  MeterWatch watch(*meter, {.interval = PowerLog::kInterval});
  const agent::LoopResult result = agent::run_tasks(engine, tasks, loop);
  const Watched watched = watch.stop();
  const account::Receipt receipt = account::attribute(watched.readings, result.work);

  write_transcripts(options, tasks, result);
  write_solved(options, tasks, result);
  Json json = agent_json(tasks, result.outcomes, receipt);
  record(options, command_line, json, watched, receipt);
  json["readings"] = json_of(watched.readings);
  print_out(options.common.json ? to_line(json) + "\n"
                                : agent_text(tasks, result.outcomes, receipt));
}

void setup_agent_run(CLI::App& verb, Invocation& invocation) {
  auto options = std::make_shared<AgentRunOptions>();
  verb.add_option("MODEL", options->model, "GGUF file")->required();
  verb.add_option("--suite", options->suite, "tasks, one a line (see: frugal agent tasks)")
      ->required();
  verb.add_option("-n,--count", options->count, "the first tasks of the suite; all if not given");
  verb.add_option("--trials", options->trials, "of each task")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb.add_option("--temperature,--temp", options->temperature, "0: always the likeliest token")
      ->capture_default_str();
  verb.add_option("--max-steps", options->max_steps, "messages of an agent")->capture_default_str();
  verb.add_option("--max-tokens", options->max_tokens, "of a message")->capture_default_str();
  verb.add_option("--concurrency", options->concurrency, "agents side by side")
      ->capture_default_str();
  verb.add_option("-c,--context", options->context, "positions of all agents together")
      ->capture_default_str();
  add_kv(verb, options->kv);
  add_exit_confidence(verb, options->exit_confidence);
  verb.add_flag("--recompute", options->recompute, "keep nothing from step to step: the baseline");
  verb.add_flag("--lookup", options->lookup, "guess from earlier text; same output, fewer passes");
  verb.add_option("--solved", options->solved,
                  "write the conversations of solved tasks to this file, to train a student on");
  verb.add_option("--transcripts", options->transcripts, "write every conversation to this file");
  add_common(verb, options->common,
             {.ledger = true, .meter = true, .compute = true, .generate = true, .seed = true});
  verb.footer(
      "Examples:\n  frugal agent run model.gguf --suite suite.jsonl --trials 4\n"
      "  frugal agent run model.gguf --suite suite.jsonl --temperature 0 --json");
  verb.callback([options, &invocation] {
    invocation.action = [options, line = invocation.command_line] { run_agents(*options, line); };
  });
}

}  // namespace frugal::cli
