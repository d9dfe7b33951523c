#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/agent_run.h"
#include "frugal/cli/common.h"
#include "frugal/cli/json_of.h"
#include "frugal/cli/verbs.h"
#include "frugal/eval/labels.h"
#include "frugal/eval/score.h"
#include "frugal/meter/window.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string model;
  std::string text;
  std::string against;
  std::string labels;
  eval::ScoreOptions score;
  AgentRunOptions agents;
};

Json json_of_score(const eval::TextScore& score) {
  return {{"nll", score.nll},
          {"nll_std_err", score.nll_std_err},
          {"perplexity", score.perplexity()},
          {"perplexity_std_err", score.perplexity_std_err()},
          {"tokens", score.tokens}};
}

std::string text_of_score(const eval::TextScore& score) {
  return str(
      "nll         {:.4f} ± {:.4f} nats per token\nperplexity  {:.4f} ± {:.4f}\n"
      "tokens      {}\n",
      score.nll, score.nll_std_err, score.perplexity(), score.perplexity_std_err(), score.tokens);
}

void add_comparison(Json& json, std::string& text, const eval::Comparison& c) {
  json["nll_increase"] = c.nll_increase.mean;
  if (c.nll_increase.count >= 2) json["nll_increase_upper95"] = c.nll_increase.upper95();
  json["kld"] = c.kld;
  json["kld_std_err"] = c.kld_std_err;
  json["kld_p99"] = c.kld_p99;
  json["kld_max"] = c.kld_max;
  json["same_top"] = c.same_top.value;
  json["same_top_low"] = c.same_top.low;
  json["same_top_high"] = c.same_top.high;
  text += str("NLL rise    {:+.5f} nats per token, upper 95 % {:+.5f}\n", c.nll_increase.mean,
              c.nll_increase.upper95());
  text += str("KL          {:.6f} ± {:.6f}, p99 {:.6f}, max {:.6f}\n", c.kld, c.kld_std_err,
              c.kld_p99, c.kld_max);
  text += str("same top    {:.2f} % ({:.2f} to {:.2f})\n", 100.0 * c.same_top.value,
              100.0 * c.same_top.low, 100.0 * c.same_top.high);
}

void record(const Options& options, const std::string& command_line, const Json& json,
            const std::vector<meter::Reading>& readings, const account::Receipt& receipt) {
  if (options.common.ledger.empty()) return;
  ledger::Ledger ledger(options.common.ledger);
  const auto id = ledger.begin(run_info("eval", command_line, options.model, to_line(json)));
  ledger::Metric nll;
  nll.name = "nll";
  nll.value = json["nll"];
  nll.std_err = json["nll_std_err"].get<double>();
  nll.count = json["tokens"];
  ledger.add_metric(id, nll);
  ledger.add_readings(id, readings);
  ledger.add_receipt(id, receipt);
  ledger.finish(id);
}

void eval_text(const Options& options, const std::string& command_line) {
  const model::Model model = model::load(options.model);
  const auto tokenizer = model.tokenizer ? model.tokenizer : model::load_tokenizer(*model.file);
  const auto tokens = tokenizer->encode(read_input(options.text), {});
  const engine::EngineOptions engine_options{.threads = threads_of(options.common),
                                             .kernels = &kernels_of(options.common)};
  engine::Engine engine(model, engine_options);
  eval::ScoreOptions score = options.score;
  const ProgressFn progress = progress_of(options.common);
  score.progress = progress;
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  meter::Span span(*meter);
  Json json;
  std::string text;
  if (options.against.empty()) {
    const eval::TextScore result = eval::score_text(engine, tokens, score);
    json = json_of_score(result);
    text = text_of_score(result);
  } else {
    const model::Model other = model::load(options.against);
    engine::Engine reference(other, engine_options);
    const eval::Comparison result = eval::compare(reference, engine, tokens, score);
    json = json_of_score(result.candidate);
    text = text_of_score(result.candidate);
    add_comparison(json, text, result);
  }
  const auto readings = span.stop();
  record(options, command_line, json, readings, account::attribute(readings, engine.work()));
  json["readings"] = json_of(readings);
  print_out(options.common.json ? to_line(json) + "\n"
                                : text + "energy      " + text_of(meter::total(readings)) + "\n");
}

// One metric a group, and the joules of one text.
void eval_labels(const Options& options, const std::string& command_line) {
  const model::Model model = model::load(options.model);
  engine::Engine engine(
      model, {.threads = threads_of(options.common), .kernels = &kernels_of(options.common)});
  const std::string lines = read_input(options.labels);
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  meter::Span span(*meter);
  eval::LabelScores scores;
  {
    const ProgressFn progress = progress_of(options.common);
    scores = eval::score_labels(engine, lines, options.labels, progress);
  }
  const auto readings = span.stop();
  const meter::Reading energy = meter::total(readings);
  Json json = {{"texts", scores.texts}, {"groups", Json::array()}};
  std::string text = str("texts       {}\n", scores.texts);
  for (const eval::LabelScore& group : scores.groups) {
    const Proportion& p = group.accuracy;
    json["groups"].push_back(
        {{"key", group.key}, {"accuracy", p.value}, {"low", p.low}, {"high", p.high}});
    text += str("{:<11} {:.2f} % ({:.2f} to {:.2f})\n", group.key, 100.0 * p.value, 100.0 * p.low,
                100.0 * p.high);
  }
  text += "energy      " + text_of(energy) + "\n";
  if (energy.quality != meter::Quality::kUnavailable && scores.texts > 0) {
    const auto n = static_cast<double>(scores.texts);
    json["joules_per_text"] = energy.energy.value() / n;
    text += str("per text    {} ± {}\n", human_si(energy.energy.value() / n, "J"),
                human_si(energy.uncertainty.value() / n, "J"));
  }
  if (!options.common.ledger.empty()) {
    ledger::Ledger ledger(options.common.ledger);
    const auto id = ledger.begin(run_info("eval", command_line, options.model, to_line(json)));
    for (const eval::LabelScore& group : scores.groups) {
      ledger::Metric accuracy;
      accuracy.name = "accuracy_" + group.key;
      accuracy.value = group.accuracy.value;
      accuracy.low = group.accuracy.low;
      accuracy.high = group.accuracy.high;
      accuracy.count = static_cast<std::int64_t>(scores.texts);
      ledger.add_metric(id, accuracy);
    }
    ledger.add_readings(id, readings);
    ledger.add_receipt(id, account::attribute(readings, engine.work()));
    ledger.finish(id);
  }
  json["readings"] = json_of(readings);
  print_out(options.common.json ? to_line(json) + "\n" : text);
}

void run_eval(const Options& options, const std::string& command_line) {
  const int given = static_cast<int>(!options.text.empty()) +
                    static_cast<int>(!options.agents.suite.empty()) +
                    static_cast<int>(!options.labels.empty());
  if (given != 1 || (options.text.empty() && !options.against.empty())) {
    throw Error(
        ErrorKind::kInvalidArgument,
        "eval: expected one of --text FILE (with --against if wanted), --suite and --labels FILE");
  }
  if (!options.text.empty()) return eval_text(options, command_line);
  if (!options.labels.empty()) return eval_labels(options, command_line);
  AgentRunOptions agents = options.agents;
  agents.common = options.common;
  agents.model = options.model;
  run_agents(agents, command_line);
}

void add_suite(CLI::App& verb, AgentRunOptions& agents) {
  verb.add_option("--suite", agents.suite, "tasks for agents, in place of --text");
  verb.add_option("--trials", agents.trials, "of each task")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb.add_option("--temperature,--temp", agents.temperature,
                  "of agents; 0: always the likeliest token")
      ->capture_default_str();
}

}  // namespace

void setup_eval(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("eval", "how good a model is, each figure with an interval");
  verb->add_option("MODEL", options->model, "GGUF file")->required();
  verb->add_option("--text", options->text, "text to score, - for standard input");
  verb->add_option("--against", options->against, "reference model: also KL, same-top, NLL rise");
  verb->add_option("-c,--context", options->score.context, "tokens per window")
      ->capture_default_str();
  verb->add_option("--max-tokens", options->score.max_tokens, "of the text; 0: all")
      ->capture_default_str();
  verb->add_option("--labels", options->labels,
                   "texts with their classes, one a line, for a classifier");
  add_suite(*verb, options->agents);
  add_common(*verb, options->common,
             {.ledger = true, .meter = true, .compute = true, .seed = true});
  verb->footer(
      "Examples:\n  frugal eval model.gguf --text test.txt\n"
      "  frugal eval model.gguf --suite suite.jsonl --trials 4\n"
      "  frugal eval intents.gguf --labels requests.jsonl\n"
      "  frugal eval small.gguf --text test.txt --against model.gguf --json");
  verb->callback([options, &invocation] {
    invocation.action = [options, line = invocation.command_line] { run_eval(*options, line); };
  });
}

}  // namespace frugal::cli
