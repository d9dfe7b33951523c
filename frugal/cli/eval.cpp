#include "frugal/cli/eval.h"

#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

void run_eval(const EvalOptions& options, const std::string& command_line) {
  const int given = static_cast<int>(!options.text.empty()) +
                    static_cast<int>(!options.agents.suite.empty()) +
                    static_cast<int>(!options.labels.empty());
  if (given != 1) {
    throw Error(ErrorKind::kInvalidArgument,
                "eval: expected one of --text FILE, --suite FILE and --labels FILE");
  }
  if (!options.text.empty()) return eval_text(options, command_line);
  if (!options.labels.empty()) return eval_labels(options, command_line);
  AgentRunOptions agents = options.agents;
  agents.common = options.common;
  agents.model = options.model;
  run_agents(agents, command_line);
}

void add_suite(CLI::App& verb, AgentRunOptions& agents) {
  CLI::Option* suite =
      verb.add_option("--suite", agents.suite, "tasks for agents, in place of --text");
  verb.add_option("--trials", agents.trials, "of each task")
      ->check(CLI::Range(1, 1000))
      ->needs(suite)
      ->capture_default_str();
  verb.add_option("--temperature,--temp", agents.temperature,
                  "of agents; 0: always the likeliest token")
      ->needs(suite)
      ->capture_default_str();
}

}  // namespace

void setup_eval(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* verb = app.add_subcommand("eval", "how good a model is, each figure with an interval");
  verb->add_option("MODEL", options->model, "GGUF file")->required();
  CLI::Option* text =
      verb->add_option("--text", options->text, "text to score, - for standard input");
  verb->add_option("--against", options->against, "reference model: also KL, same-top, NLL rise")
      ->needs(text);
  verb->add_option("-c,--context", options->score.context, "tokens per window")
      ->needs(text)
      ->capture_default_str();
  verb->add_option("--max-tokens", options->score.max_tokens, "of the text; 0: all")
      ->needs(text)
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
