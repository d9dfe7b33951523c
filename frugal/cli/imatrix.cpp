#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"
#include "frugal/compress/calibrate.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string model;
  std::string text;
  std::string out;
  compress::CalibrateOptions calibrate;
};

void run_imatrix(const Options& options) {
  const model::Model model = model::load(options.model);
  const auto tokenizer = model.tokenizer ? model.tokenizer : model::load_tokenizer(*model.file);
  const auto tokens = tokenizer->encode(read_input(options.text), {});
  compress::CalibrateOptions calibrate = options.calibrate;
  calibrate.threads = threads_of(options.common);
  calibrate.kernels = &kernels_of(options.common);
  compress::Imatrix imatrix;
  {
    const ProgressFn progress = progress_of(options.common);
    calibrate.progress = progress;
    imatrix = compress::calibrate(model, tokens, calibrate);
  }
  imatrix.datasets = {options.text};
  compress::write_imatrix(options.out, imatrix);
  const std::size_t read = std::size_t{*imatrix.chunk_count} * *imatrix.chunk_size;
  const Json json = {{"out", options.out},
                     {"tensors", imatrix.tensors.size()},
                     {"tokens", read},
                     {"windows", *imatrix.chunk_count}};
  print_out(options.common.json
                ? to_line(json) + "\n"
                : str("Written: {}, the inputs of {} matrices over {} tokens ({} windows of {})\n",
                      options.out, imatrix.tensors.size(), read, *imatrix.chunk_count,
                      *imatrix.chunk_size));
}

}  // namespace

void setup_imatrix(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("imatrix", "which columns of its matrices matter to a model, from a text");
  verb->add_option("MODEL", options->model, "GGUF file")->required();
  verb->add_option("--text", options->text, "what to calibrate on, - for standard input")
      ->required();
  verb->add_option("-o,--output", options->out, "the file to write, as llama.cpp reads it")
      ->required();
  verb->add_option("-c,--context", options->calibrate.context, "tokens per window")
      ->capture_default_str();
  verb->add_option("--max-tokens", options->calibrate.max_tokens, "of the text; 0: all")
      ->capture_default_str();
  verb->add_flag("--process-output", options->calibrate.output,
                 "the output matrix too, which is otherwise left out");
  add_common(*verb, options->common, {.compute = true});
  verb->footer(
      "Examples:\n  frugal imatrix model.gguf --text calibration.txt -o model.imatrix.gguf\n"
      "  frugal compress model.gguf --imatrix model.imatrix.gguf --type q4_k_m -o small.gguf");
  verb->callback(
      [options, &invocation] { invocation.action = [options] { run_imatrix(*options); }; });
}

}  // namespace frugal::cli
