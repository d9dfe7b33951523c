#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"
#include "frugal/compress/quantize.h"
#include "frugal/model/huggingface.h"
#include "frugal/tensor/codec.h"

namespace frugal::cli {

namespace {

constexpr std::string_view kTypes = "f32, f16, bf16, q8_0, q5_1, q5_0, q4_1 or q4_0";

struct Options {
  CommonOptions common;
  std::string model;
  std::string output;
  std::string type = "q8_0";
};

DType type_of(const Options& options) {
  const auto type = dtype_from_name(options.type);
  if (!type || !can_encode(*type)) {
    throw Error(ErrorKind::kInvalidArgument,
                str("--type '{}': expected {}", printable(options.type), kTypes));
  }
  return *type;
}

void run_compress(const Options& options) {
  const DType type = type_of(options);
  const auto file = model::open_tensors(options.model);
  const ProgressFn progress = progress_of(options.common);
  const compress::QuantizeResult result = compress::quantize(
      *file, options.output,
      {.type = type, .threads = threads_of(options.common), .progress = progress});
  if (options.common.json) {
    print_out(to_line({{"output", options.output},
                       {"type", name(type)},
                       {"bytes_before", result.bytes_before},
                       {"bytes_after", result.bytes_after},
                       {"converted", result.converted},
                       {"stored_as_f16", result.fallbacks}}) +
              "\n");
    return;
  }
  std::string text =
      str("{}: {} tensors to {}, {} -> {}\n", options.output, result.converted, name(type),
          human_bytes(result.bytes_before), human_bytes(result.bytes_after));
  if (!result.fallbacks.empty()) {
    text += str("{} tensors stored as F16, their rows being no multiple of {}: {}{}\n",
                result.fallbacks.size(), traits(type).block_elements, result.fallbacks.front(),
                result.fallbacks.size() > 1 ? " …" : "");
  }
  print_out(text);
}

}  // namespace

void setup_compress(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("compress", "make a model smaller, by one transform");
  verb->add_option("MODEL", options->model, "GGUF file, or folder of Hugging Face")->required();
  verb->add_option("-o,--output", options->output, "GGUF file to write")->required();
  verb->add_option("--type", options->type, str("{}: round to nearest", kTypes))
      ->capture_default_str();
  verb->add_option("-t,--threads", options->common.threads,
                   "threads; as many as CPUs if not given");
  add_common(*verb, options->common, {});
  verb->footer(
      "Example:\n  frugal compress model.gguf -o model-q8.gguf --type q8_0\n  frugal compress "
      "hf-folder -o model.gguf --type bf16");
  verb->callback(
      [options, &invocation] { invocation.action = [options] { run_compress(*options); }; });
}

}  // namespace frugal::cli
