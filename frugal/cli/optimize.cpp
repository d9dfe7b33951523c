#include "frugal/study/optimize.h"

#include <CLI/CLI.hpp>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/impact_option.h"
#include "frugal/cli/number_list.h"
#include "frugal/cli/optimize_agents.h"
#include "frugal/cli/verbs.h"
#include "frugal/report/report.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string model;
  std::string text;
  std::string out = "frugal-out";
  std::string max_drop;
  std::string threads;
  study::OptimizeOptions study;
  study::AgentStudyOptions agents;
  CarbonOptions carbon;
};

std::string table(const study::OptimizeResult& result) {
  std::string text = str("  {:<18} {:>10} {:>20} {:>10} {:>9} {:>17}  {}\n", "plan", "size",
                         "joules per token", "token/s", "NLL", "NLL rise, upper", "");
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const study::PlanResult& plan = result.plans[i];
    const std::string rise = plan.comparison
                                 ? str("{:+.4f}, {:+.4f}", plan.comparison->nll_increase.mean,
                                       plan.comparison->nll_increase.upper95())
                                 : "–";
    text += str("{} {:<18} {:>10} {:>20} {:>10.1f} {:>9.4f} {:>17}  {}\n",
                i == result.chosen ? "*" : " ", plan.label(), human_bytes(plan.file_bytes),
                joules_text(plan.joules_per_token()), plan.tokens_per_s().mean, plan.score.nll,
                rise, plan.reason);
  }
  return text;
}

std::string summary(const Options& options, const study::OptimizeResult& result) {
  return table(result) + str("\n{}\n", result.verdict) +
         closing_lines(result.plans[result.baseline].receipt.total, "repeats", options.out);
}

Json to_json(const Options& options, const study::OptimizeResult& result) {
  Json plans = Json::array();
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const study::PlanResult& plan = result.plans[i];
    const Summary joules = plan.joules_per_token();
    Json row = {{"plan", plan.label()},
                {"transform", plan.transform},
                {"threads", plan.threads},
                {"baseline", plan.baseline},
                {"chosen", i == result.chosen},
                {"file_bytes", plan.file_bytes},
                {"joules_per_token", joules.mean},
                {"joules_per_token_half_width95", joules.half_width95()},
                {"repeats", joules.count},
                {"tokens_per_s", plan.tokens_per_s().mean},
                {"nll", plan.score.nll},
                {"nll_std_err", plan.score.nll_std_err}};
    if (plan.comparison) {
      row["nll_increase"] = plan.comparison->nll_increase.mean;
      row["nll_increase_upper95"] = plan.comparison->nll_increase.upper95();
      row["kld"] = plan.comparison->kld;
      row["same_top"] = plan.comparison->same_top.value;
    }
    row["accepted"] = plan.decision != study::Decision::kRefused;
    row["reason"] = plan.reason;
    plans.push_back(row);
  }
  return {{"out", options.out},
          {"quality", meter::quality_name(result.quality)},
          {"nll_increase_limit", result.limit_nats},
          {"verdict", result.verdict},
          {"plans", plans}};
}

void complete(study::StudyOptions& options, const Options& given, const std::string& command_line) {
  options.model = given.model;
  options.out_dir = given.out;
  options.threads = parse_numbers("--threads", given.threads, 1024);
  options.seed = given.common.seed;
  options.kernels = &kernels_of(given.common);
  options.command = command_line;
  options.version = version_line();
  options.make_meter = [common = given.common] {
    return meter::choose_meter(meter_options_of(common));
  };
  options.write_report = [out = options.out_dir, teller = ImpactTeller(given.carbon)](
                             const ledger::Ledger& ledger, const std::filesystem::path& page) {
    teller.record_all(ledger, out / "ledger.sqlite");
    report::write_html(ledger, page);
  };
}

void optimize_text(const Options& given, const std::string& command_line) {
  study::OptimizeOptions options = given.study;
  complete(options, given, command_line);
  options.text = given.text;
  if (!given.max_drop.empty()) options.max_drop = study::parse_max_drop(given.max_drop);
  study::OptimizeResult result;
  {
    const ProgressFn progress = progress_of(given.common);
    options.progress = progress;
    result = study::optimize(options);
    options.progress = {};
  }
  print_out(given.common.json ? to_line(to_json(given, result)) + "\n" : summary(given, result));
}

void run_optimize(const Options& given, const std::string& command_line) {
  if (given.text.empty() == given.agents.suite.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                "optimize: expected one of --text FILE and --suite FILE, to measure quality on");
  }
  if (!given.text.empty()) return optimize_text(given, command_line);
  study::AgentStudyOptions options = given.agents;
  complete(options, given, command_line);
  if (!given.max_drop.empty()) {
    options.max_drop = study::parse_max_drop(given.max_drop).value;  // 3% or 0.03
    if (options.max_drop > 1.0) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("--max-drop {}: expected at most 100%, a share of the tasks",
                      printable(given.max_drop)));
    }
  }
  run_agent_study(given.common, std::move(options));
}

// Each belongs to --text: with --suite it would do nothing.
void add_study(CLI::App& verb, study::OptimizeOptions& study, CLI::Option* text) {
  verb.add_option("--prompt-tokens", study.prompt_tokens, "read in each weighed run")
      ->check(CLI::Range(1, 1 << 20))
      ->needs(text)
      ->capture_default_str();
  verb.add_option("--output-tokens", study.output_tokens, "written in each weighed run")
      ->check(CLI::Range(1, 1 << 20))
      ->needs(text)
      ->capture_default_str();
  verb.add_option("--eval-tokens", study.eval_tokens, "of the text for quality; 0: all")
      ->needs(text)
      ->capture_default_str();
  verb.add_option("--eval-context", study.eval_context, "tokens per window of the text")
      ->check(CLI::Range(4, 1 << 20))
      ->needs(text)
      ->capture_default_str();
  verb.add_option("--repeats", study.max_repeats, "most weighed runs of each plan")
      ->check(CLI::Range(5, 1000))
      ->needs(text)
      ->capture_default_str();
  verb.add_option("--precision", study.precision, "stop when all intervals are this narrow")
      ->check(CLI::Range(0.0001, 1.0))
      ->needs(text)
      ->capture_default_str();
}

void add_agent_study(CLI::App& verb, study::AgentStudyOptions& agents, CLI::Option* text) {
  CLI::Option* suite =
      verb.add_option("--suite", agents.suite,
                      "tasks that agents choose by (see: frugal agent tasks), in place of --text")
          ->excludes(text);
  verb.add_option("--test", agents.test,
                  "tasks that judge the choice; those of --suite if not given")
      ->needs(suite);
  verb.add_option("--agents", agents.agents, "side by side, where not one by one")
      ->check(CLI::Range(1, 1024))
      ->needs(suite)
      ->capture_default_str();
  verb.add_option("--tasks-per-round", agents.tasks_per_round, "after which settings drop out")
      ->check(CLI::Range(1, 1 << 20))
      ->needs(suite)
      ->capture_default_str();
  verb.add_option("--temperature,--temp", agents.temperature, "0: always the likeliest token")
      ->check(CLI::Range(0.0, 10.0))
      ->needs(suite)
      ->capture_default_str();
}

}  // namespace

void setup_optimize(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "optimize",
      "the main job: fewest joules per token or per solved task within a bound on quality");
  verb->add_option("MODEL", options->model, "GGUF file")->required();
  CLI::Option* text = verb->add_option("--text", options->text, "text that quality is measured on");
  verb->add_option("-o,--out", options->out, "folder for model.gguf, plan.json, ledger, report")
      ->capture_default_str();
  verb->add_option(
      "--max-drop", options->max_drop,
      "most the NLL may rise, a share of the baseline's or nats (0.02), 1% if not given; "
      "with --suite most the tasks solved may drop, 3% of all");
  verb->add_option("-t,--threads", options->threads,
                   "counts to try, e.g. 1,2,4; powers of two up "
                   "to the CPUs if not given");
  verb->add_option("--isa", options->common.isa, "instruction set; the best if not given");
  add_study(*verb, options->study, text);
  add_agent_study(*verb, options->agents, text);
  add_common(*verb, options->common, {.meter = true, .seed = true});
  add_impact(*verb, options->carbon);
  verb->footer(
      "Tries the file as it is, Q8_0 and Q4_0 on each thread count.\nExample:\n"
      "  frugal optimize model.gguf --text wiki.test.txt --max-drop 1% -o out\n"
      "With --suite also one agent or many, prefixes kept or not, lookup or not.\nExample:\n"
      "  frugal optimize model.gguf --suite validation.jsonl --test test.jsonl -o out");
  verb->callback([options, &invocation] {
    invocation.action = [options, line = invocation.command_line] { run_optimize(*options, line); };
  });
}

}  // namespace frugal::cli
