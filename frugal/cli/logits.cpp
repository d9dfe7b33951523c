#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/token_ids.h"
#include "frugal/cli/verbs.h"
#include "frugal/engine/engine.h"
#include "frugal/engine/sampler.h"
#include "frugal/eval/score.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string model;
  std::string tokens;
  bool pooled = false;
};

Json pooled_json(engine::Engine& engine, const std::vector<text::TokenId>& tokens) {
  Json json = {{"tokens", tokens}, {"pooled", engine.embed(tokens)}};
  const auto& classifier = engine.model().classifier;
  if (!classifier) return json;
  json["scores"] = engine.classify(tokens);
  if (!classifier->labels.empty()) json["labels"] = classifier->labels;
  return json;
}

Json logits_json(engine::Engine& engine, const std::vector<text::TokenId>& tokens) {
  const model::Config& config = engine.model().config;
  engine::KvCache cache(config, tokens.size(), engine::KvType::kF32);
  const auto logits = engine.forward(cache, tokens, engine::Logits::kAll);
  const std::size_t vocab = config.vocab_size;
  double nll = 0.0;
  std::vector<text::TokenId> argmax;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto row = logits.subspan(i * vocab, vocab);
    argmax.push_back(engine::argmax(row));
    if (i + 1 < tokens.size()) nll += eval::negative_log_likelihood(row, tokens[i + 1]);
  }
  Json json = {{"tokens", tokens}};
  if (tokens.size() > 1) json["mean_nll"] = nll / static_cast<double>(tokens.size() - 1);
  json["argmax"] = argmax;
  const auto last = logits.subspan((tokens.size() - 1) * vocab, vocab);
  json["last_logits"] = std::vector<float>(last.begin(), last.end());
  return json;
}

void run_logits(const Options& options) {
  const model::Model model = model::load(options.model);
  const auto tokens = parse_token_ids(read_input(options.tokens), options.tokens);
  if (tokens.empty()) {
    throw Error(ErrorKind::kInvalidArgument, str("{}: no token ids", options.tokens));
  }
  engine::Engine engine(
      model, {.threads = threads_of(options.common), .kernels = &kernels_of(options.common)});
  print_out(to_line(options.pooled ? pooled_json(engine, tokens) : logits_json(engine, tokens)) +
            "\n");
}

}  // namespace

void setup_logits(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("logits", "raw outputs, for parity with other engines");
  verb->add_option("MODEL", options->model, "GGUF file")->required();
  verb->add_option("--tokens", options->tokens, "file with token ids, - for standard input")
      ->required();
  verb->add_flag("--pooled", options->pooled,
                 "one vector for the text instead of logits, and a classifier's scores");
  add_common(*verb, options->common, {.compute = true});
  verb->footer("Example:\n  frugal logits model.gguf --tokens ids.txt --json");
  verb->callback(
      [options, &invocation] { invocation.action = [options] { run_logits(*options); }; });
}

}  // namespace frugal::cli
