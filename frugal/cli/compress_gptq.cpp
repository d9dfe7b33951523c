#include "frugal/cli/compress_gptq.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "frugal/base/crc32c.h"
#include "frugal/base/error.h"
#include "frugal/base/machine.h"
#include "frugal/base/str.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

constexpr double kGib = 1073741824.0;
constexpr std::uint64_t kUnknownMachine = std::uint64_t{1} << 30U;

std::uint64_t memory_of(const GptqFlags& flags) {
  if (flags.memory_gib > 0.0) return static_cast<std::uint64_t>(flags.memory_gib * kGib);
  const std::uint64_t installed = this_machine().memory_bytes;
  return installed == 0 ? kUnknownMachine : installed / 4;
}

void tell_forecast(const compress::GptqForecast& forecast) {
  std::string line = str("GPTQ on {} matrices", forecast.matrices);
  if (forecast.finished > 0) line += str(", {} of them finished before", forecast.finished);
  line += str("; {} passes over {} tokens; up to {} of memory besides the model\n", forecast.passes,
              forecast.tokens, human_bytes(forecast.bytes));
  if (forecast.tokens < forecast.most_cols) {
    line += str("{} tokens for matrices of up to {} columns: a longer text would round better\n",
                forecast.tokens, forecast.most_cols);
  }
  std::fputs(line.c_str(), stderr);
}

format::Metadata notes_of(const GptqRequest& request, const std::string& text,
                          std::uint64_t tokens) {
  format::Metadata notes;
  const std::uint32_t sum = crc32c(std::as_bytes(std::span(text)));
  notes.set("frugal.version", version_line());
  notes.set("frugal.compress.command", request.command_line);
  notes.set("frugal.compress.method", std::string("gptq"));
  notes.set("frugal.compress.text", request.flags.text);
  notes.set("frugal.compress.text_crc32c", sum);
  notes.set("frugal.compress.context", static_cast<std::uint32_t>(request.flags.context));
  notes.set("frugal.compress.tokens", tokens);
  notes.set("frugal.compress.isa", std::string(kernels::isa_name(request.rounding.kernels->isa)));
  return notes;
}

struct Tally {
  std::size_t fed_back = 0;
  std::size_t searched = 0;
  std::size_t damped = 0;  ///< more than the usual
  std::uint64_t dead = 0;
};

Tally tally_of(const compress::GptqResult& result) {
  Tally tally;
  for (const compress::RoundedRecord& each : result.matrices) {
    ++(each.fed_back ? tally.fed_back : tally.searched);
    tally.damped += each.damping > 0.01 ? 1U : 0U;
    tally.dead += each.dead;
  }
  return tally;
}

}  // namespace

void add_gptq_flags(CLI::App& verb, GptqFlags& flags) {
  verb.add_option("--text", flags.text, "for gptq: what to calibrate on");
  verb.add_option("-c,--context", flags.context, "for gptq: tokens per window of the text")
      ->capture_default_str();
  verb.add_option("--max-tokens", flags.max_tokens, "for gptq: of the text; 0: all")
      ->capture_default_str();
  verb.add_option("--memory", flags.memory_gib,
                  "for gptq: GiB; less means more passes over the text. A quarter of what is "
                  "installed if not given")
      ->check(CLI::Range(0.001, 1e6));
}

compress::GptqResult run_gptq(const GptqRequest& request, bool quiet) {
  if (request.flags.text.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                "--method gptq: no text to calibrate on, expected --text FILE");
  }
  const model::Model model = model::load(request.model);
  const auto tokenizer = model.tokenizer ? model.tokenizer : model::load_tokenizer(*model.file);
  const std::string text = read_input(request.flags.text);
  const auto tokens = tokenizer->encode(text, {});
  compress::GptqOptions options{.rounding = request.rounding,
                                .context = request.flags.context,
                                .max_tokens = request.flags.max_tokens,
                                .sums_bytes = memory_of(request.flags),
                                .version = version_line()};
  const std::size_t read =
      compress::windows_read(model, tokens,
                             {.context = options.context, .max_tokens = options.max_tokens})
          .tokens();
  options.rounding.notes = notes_of(request, text, read);
  compress::GptqJob job(model, tokens, request.output, std::move(options));
  if (!quiet) tell_forecast(job.forecast());
  return job.run();
}

Json gptq_json(const compress::GptqResult& result) {
  const Tally tally = tally_of(result);
  Json matrices = Json::array();
  for (const compress::RoundedRecord& each : result.matrices) {
    matrices.push_back({{"tensor", each.tensor},
                        {"type", name(each.type)},
                        {"method", each.fed_back ? "gptq" : "search"},
                        {"loss_search", each.loss_search},
                        {"loss_gptq", each.loss_gptq},
                        {"damping", each.damping},
                        {"dead_columns", each.dead}});
  }
  Json without = Json::array();
  for (const compress::Unweighted& each : result.without) {
    without.push_back({{"tensor", each.tensor}, {"why", each.why}});
  }
  return {{"method", "gptq"},
          {"by_gptq", tally.fed_back},
          {"by_search", tally.searched},
          {"finished_before", result.forecast.finished},
          {"passes", result.forecast.passes},
          {"tokens", result.forecast.tokens},
          {"matrices", matrices},
          {"without", without}};
}

std::string gptq_text(const compress::GptqResult& result) {
  const Tally tally = tally_of(result);
  std::string text = str("{} matrices by GPTQ, {} by the search, which lost less there\n",
                         tally.fed_back, tally.searched);
  if (tally.damped > 0) {
    text += str("{} matrices needed more than the usual damping of 0.01\n", tally.damped);
  }
  if (tally.dead > 0) {
    text += str("{} columns got no input from the text: their weights were rounded alone\n",
                tally.dead);
  }
  if (!result.without.empty()) {
    const compress::Unweighted& first = result.without.front();
    text += str("{} matrices rounded without the text: {} {}{}\n", result.without.size(),
                first.tensor, first.why, result.without.size() > 1 ? " …" : "");
  }
  return text;
}

}  // namespace frugal::cli
