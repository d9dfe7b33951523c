#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/eval.h"
#include "frugal/cli/json_of.h"
#include "frugal/meter/window.h"

namespace frugal::cli {

namespace {

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

void record(const EvalOptions& options, const std::string& command_line, const Json& json,
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

}  // namespace

void eval_text(const EvalOptions& options, const std::string& command_line) {
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

}  // namespace frugal::cli
