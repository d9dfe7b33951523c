#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "frugal/account/receipt.h"
#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/engine_option.h"
#include "frugal/cli/exit_option.h"
#include "frugal/cli/impact_option.h"
#include "frugal/cli/interrupt.h"
#include "frugal/cli/json_of.h"
#include "frugal/cli/kv_option.h"
#include "frugal/cli/meter_watch.h"
#include "frugal/cli/verbs.h"
#include "frugal/cli/work_price.h"
#include "frugal/engine/generate.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string model;
  std::string prompt;
  std::string prompt_file;
  std::size_t context = 0;
  std::string kv = "f16";
  std::string draft;    // a small model that guesses
  bool lookup = false;  // guesses from the prompt
  std::size_t max_tokens = 128;
  bool ignore_end = false;
  float exit_confidence = 0.0F;
  engine::SamplerOptions sampler;
  CarbonOptions carbon;
};

std::vector<text::TokenId> encode_prompt(const Options& options, const text::Tokenizer& tokenizer) {
  const std::string text =
      options.prompt_file.empty() ? options.prompt : read_input(options.prompt_file);
  auto tokens = tokenizer.encode(text, {.add_special = true, .parse_special = true});
  if (tokens.empty()) {
    throw Error(ErrorKind::kInvalidArgument, "the prompt is empty, expected -p TEXT");
  }
  return tokens;
}

std::string_view reason_name(engine::StopReason reason) {
  switch (reason) {
    case engine::StopReason::kEndOfText:
      return "eos";
    case engine::StopReason::kMaxTokens:
      return "length";
    case engine::StopReason::kContextFull:
      return "context";
    case engine::StopReason::kCancelled:
      return "cancelled";
  }
  return "";
}

std::string phase_line(const account::Receipt& receipt, Phase phase, std::uint64_t tokens) {
  const PhaseWork& work = receipt.work[phase];
  const double rate = work.time.value() > 0.0 ? static_cast<double>(tokens) / work.time.value() : 0;
  std::string line = str("{:<8} {:>6} tokens  {:>9.1f} token/s", phase_name(phase), tokens, rate);
  if (receipt.total.quality != meter::Quality::kUnavailable && tokens > 0) {
    const auto n = static_cast<double>(tokens);
    line += str("  {:>9} ± {} per token", human_si(receipt[phase].energy.value() / n, "J"),
                human_si(receipt[phase].uncertainty.value() / n, "J"));
  }
  return line + "\n";
}

void print_summary(const account::Receipt& receipt, const std::optional<meter::Reading>& by_work) {
  std::string text = "\n";
  text += phase_line(receipt, Phase::kPrefill, receipt.work[Phase::kPrefill].prompt_tokens);
  text += phase_line(receipt, Phase::kDecode, receipt.work[Phase::kDecode].output_tokens);
  const PhaseWork& decode = receipt.work[Phase::kDecode];
  if (decode.layers_skipped > 0 && decode.output_tokens > 0) {
    text +=
        str("exits    {:.2f} layers not run per token\n",
            static_cast<double>(decode.layers_skipped) / static_cast<double>(decode.output_tokens));
  }
  text += str("whole    {} in {:.3g} s\n", text_of(receipt.total), receipt.total.time.value());
  if (by_work) text += str("by work  {}\n", text_of(*by_work));
  const bool known = receipt.total.quality != meter::Quality::kUnavailable;
  if (known && !receipt.total.note.empty()) text += str("to know  {}\n", receipt.total.note);
  std::fputs(text.c_str(), stderr);
}

/// A second, smaller model that guesses for the first.
class Draft {
 public:
  Draft(const Options& options, const model::Model& target, std::size_t context)
      : model_(model::load(options.draft)),
        engine_(model_,
                {.threads = threads_of(options.common), .kernels = &kernels_of(options.common)}),
        context_(context) {
    if (!model_.tokenizer || !target.tokenizer ||
        model_.tokenizer->vocabulary().tokens != target.tokenizer->vocabulary().tokens) {
      throw Error(ErrorKind::kInvalidArgument,
                  str("{}: a draft model of another vocabulary, expected that of {}", options.draft,
                      options.model));
    }
  }
  [[nodiscard]] std::unique_ptr<engine::Proposer> proposer() {
    return std::make_unique<engine::DraftModel>(engine_, context_);
  }
  [[nodiscard]] const Work& work() const { return engine_.work(); }

 private:
  model::Model model_;
  engine::Engine engine_;
  std::size_t context_;
};

engine::GenerateOptions generate_options(const Options& options) {
  engine::GenerateOptions out;
  out.max_tokens = options.max_tokens;
  out.ignore_end = options.ignore_end;
  out.sampler = options.sampler;
  out.sampler.seed = options.common.seed;
  out.kv = kv_type_of(options.kv);
  out.context = options.context;
  return out;
}

void run_run(const Options& options, const std::string& command_line) {
  const ImpactTeller teller(options.carbon);
  const model::Model model = model::load(options.model);
  // A vocabulary that cannot be used says why when it is asked for again.
  const auto tokenizer = model.tokenizer ? model.tokenizer : model::load_tokenizer(*model.file);
  const auto prompt = encode_prompt(options, *tokenizer);
  engine::GenerateOptions how = generate_options(options);
  const std::size_t positions = engine::positions_of(model, prompt.size(), how);
  const auto meter = meter::choose_meter(meter_options_of(options.common));
  engine::EngineOptions engine_options = engine_options_of(options.common, model, *meter);
  engine_options.exit_confidence = options.exit_confidence;
  engine::Engine engine(model, engine_options);
  std::optional<Draft> draft;
  if (options.lookup) how.proposer = std::make_unique<engine::PromptLookup>();
  if (!options.draft.empty()) how.proposer = draft.emplace(options, model, positions).proposer();

  const CpuStopwatch cpu;
  MeterWatch watch(*meter, {.interval = PowerLog::kInterval});
  const engine::Generation out =
      engine::generate(engine, prompt, std::move(how), [&](std::string_view piece) {
        throw_if_interrupted();
        if (!options.common.json) print_out(piece);
      });
  const Watched watched = watch.stop();
  const auto& readings = watched.readings;
  const Seconds cpu_time = cpu.elapsed();
  Work work = engine.work();
  if (draft) {  // its layers are not the model's
    for (const Phase phase : kAllPhases) work[phase] += draft->work()[phase];
  }
  const account::Receipt receipt = account::attribute(readings, work);
  const auto by_work = priced(
      options.common, {.time = receipt.total.time, .cpu = cpu_time, .cost = work.total().cost});

  ledger::Run done;
  done.info.verb = "run";
  done.receipt = receipt;
  if (!options.common.ledger.empty()) {
    ledger::Ledger ledger(options.common.ledger);
    const Json settings = {{"threads", engine.threads()},
                           {"prompt_threads", engine.threads(Phase::kPrefill)},
                           {"isa", kernels::isa_name(engine.kernels().isa)},
                           {"exit_confidence", options.exit_confidence},
                           {"seed", options.common.seed}};
    const auto id = ledger.begin(run_info("run", command_line, options.model, to_line(settings)));
    ledger.add_readings(id, readings);
    ledger.add_receipt(id, receipt);
    ledger.add_power(id, watched.power);
    done.id = id;
    if (const auto impact = teller.of(done)) record(ledger, *impact);
    ledger.finish(id);
  }
  const auto impact = teller.of(done);
  if (!options.common.json) {
    print_out("\n");
    if (options.common.quiet) return;
    print_summary(receipt, by_work);
    if (impact) std::fputs(("\n" + text_of(*impact)).c_str(), stderr);
    return;
  }
  Json json = {{"text", out.text},
               {"tokens", out.tokens},
               {"prompt_tokens", prompt.size()},
               {"stop", reason_name(out.reason)},
               {"receipt", json_of(receipt)},
               {"readings", json_of(readings)}};
  if (by_work) json["by_work"] = json_of(*by_work);
  if (impact) json["impact"] = json_of(*impact)["impact"];
  print_out(to_line(json) + "\n");
}

void add_sampling(CLI::App& verb, engine::SamplerOptions& sampler) {
  verb.add_option("--temperature,--temp", sampler.temperature, "0: always the likeliest token")
      ->capture_default_str();
  verb.add_option("--top-k", sampler.top_k, "keep the k likeliest; 0: all")->capture_default_str();
  verb.add_option("--top-p", sampler.top_p, "keep the likeliest of that total probability")
      ->capture_default_str();
  verb.add_option("--min-p", sampler.min_p, "drop what is less likely than this share of the best")
      ->capture_default_str();
  verb.add_option("--repeat-penalty", sampler.repeat_penalty, "of tokens seen lately; 1: none")
      ->capture_default_str();
  verb.add_option("--repeat-window", sampler.repeat_window, "how many tokens count as lately")
      ->capture_default_str();
}

}  // namespace

void setup_run(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("run", "continue a prompt, then say speed and joules");
  verb->add_option("MODEL", options->model, "GGUF file")->required();
  auto* prompt = verb->add_option("-p,--prompt", options->prompt, "the text to continue");
  verb->add_option("--file", options->prompt_file, "a file with the prompt, - for standard input")
      ->excludes(prompt);
  verb->add_option("-n,--tokens", options->max_tokens, "most tokens to write")
      ->capture_default_str();
  verb->add_option("-c,--context", options->context, "positions; the model's own if not given");
  add_kv(*verb, options->kv);
  add_exit_confidence(*verb, options->exit_confidence);
  auto* lookup = verb->add_flag("--lookup", options->lookup,
                                "guess from earlier text; same output, fewer passes");
  verb->add_option("--draft", options->draft, "a small model that guesses; same output")
      ->excludes(lookup);
  verb->add_flag("--ignore-eos", options->ignore_end, "go on past end-of-text");
  add_sampling(*verb, options->sampler);
  add_common(*verb, options->common,
             {.ledger = true, .meter = true, .compute = true, .generate = true, .seed = true});
  add_impact(*verb, options->carbon);
  verb->footer(
      "Examples:\n  frugal run model.gguf -p 'Once upon a time' -n 64\n"
      "  frugal run model.gguf -p 'Once upon a time' --temperature 0 --json");
  verb->callback([options, &invocation] {
    invocation.action = [options, line = invocation.command_line] { run_run(*options, line); };
  });
}

}  // namespace frugal::cli
