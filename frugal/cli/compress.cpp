#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/compress_awq.h"
#include "frugal/cli/compress_gptq.h"
#include "frugal/cli/verbs.h"
#include "frugal/compress/quantize.h"
#include "frugal/kernels/round.h"
#include "frugal/model/huggingface.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  std::string model;
  std::string output;
  std::string type = "q8_0";
  std::string imatrix;
  std::vector<std::string> tensor_types;
  std::string method = "search";
  TextFlags text;
  bool pure = false;
  bool mixed = false;
};

std::string type_names() {
  std::string names = "f32, f16, bf16";
  for (const compress::Mixture& mixture : compress::mixtures()) names += str(", {}", mixture.name);
  return names;
}

// One type for all matrices, or a mixture; the types older than mixtures are one for all.
struct Target {
  DType type = DType::kQ8_0;
  const compress::Mixture* mixture = nullptr;

  [[nodiscard]] std::string label() const {
    std::string text(mixture ? mixture->name : name(type));
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
      return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    });
    return text;
  }
};

Target target_of(const Options& options) {
  const compress::Mixture* mixture = compress::find_mixture(options.type);
  const auto type = dtype_from_name(options.type);
  const bool known = type && kernels::can_round(*type);
  if (mixture == nullptr && !known) {
    throw Error(ErrorKind::kInvalidArgument,
                str("--type '{}': expected {}", printable(options.type), type_names()));
  }
  Target target{.type = mixture ? mixture->base : *type, .mixture = mixture};
  const bool old = known && traits(*type).block_elements <= 32 && *type != DType::kIQ4_NL;
  if (options.pure || (old && !options.mixed)) target.mixture = nullptr;
  return target;
}

Json json_of(const Options& options, const std::string& label,
             const compress::QuantizeResult& result) {
  Json fallbacks = Json::array();
  Json as_f16 = Json::array();
  for (const compress::Fallback& each : result.fallbacks) {
    fallbacks.push_back(
        {{"tensor", each.tensor}, {"wanted", name(each.wanted)}, {"stored", name(each.stored)}});
    if (each.stored == DType::kF16) as_f16.push_back(each.tensor);
  }
  Json unweighted = Json::array();
  for (const compress::Unweighted& each : result.unweighted) {
    unweighted.push_back({{"tensor", each.tensor}, {"why", each.why}});
  }
  return {{"output", options.output},
          {"type", label},
          {"bytes_before", result.bytes_before},
          {"bytes_after", result.bytes_after},
          {"converted", result.converted},
          {"stored_as_f16", as_f16},
          {"fallbacks", fallbacks},
          {"unweighted", unweighted}};
}

std::string text_of(const Options& options, const std::string& label,
                    const compress::QuantizeResult& result) {
  std::string text = str("{}: {} tensors to {}, {} -> {}\n", options.output, result.converted,
                         label, human_bytes(result.bytes_before), human_bytes(result.bytes_after));
  if (!result.fallbacks.empty()) {
    const compress::Fallback& first = result.fallbacks.front();
    text +=
        str("{} tensors stored in another type, their rows being no multiple of its block: {} "
            "as {}, not {}{}\n",
            result.fallbacks.size(), first.tensor, name(first.stored), name(first.wanted),
            result.fallbacks.size() > 1 ? " …" : "");
  }
  if (!result.unweighted.empty()) {
    const compress::Unweighted& first = result.unweighted.front();
    text += str("{} tensors rounded without importance: {} {}{}\n", result.unweighted.size(),
                first.tensor, first.why, result.unweighted.size() > 1 ? " …" : "");
  }
  return text;
}

void check_method(const Options& options) {
  const bool search = options.method == "search";
  if (!search && !options.imatrix.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("--imatrix: is for --method search; {} weighs columns by its own text",
                    options.method));
  }
  if (search && !options.text.text.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                "--text: is for --method gptq, awq and awq+gptq; the search takes weights from "
                "--imatrix");
  }
}

// Runs a method that reads a text; what is to be printed.
std::string told_of_text_method(const Options& options, const std::string& label,
                                const TextRequest& request) {
  TextMethodResult result;
  if (options.method == "gptq") {
    result.gptq = run_gptq(request, options.common.quiet);
    result.file = result.gptq->file;
  } else {
    result = run_awq(request, options.common.quiet);
  }
  if (!options.common.json) {
    return text_of(options, label, result.file) + awq_text(result.scaled) +
           (result.gptq ? gptq_text(*result.gptq) : "");
  }
  Json json = json_of(options, label, result.file);
  json["method"] = options.method;
  if (result.gptq) json.update(gptq_json(*result.gptq));
  if (!result.scaled.empty()) json["scaled"] = awq_json(result.scaled);
  return to_line(json) + "\n";
}

void run_compress(const Options& options, const std::string& command_line) {
  check_method(options);
  const Target target = target_of(options);
  compress::QuantizeOptions quantize{.type = target.type,
                                     .mixture = target.mixture,
                                     .kernels = &kernels_of(options.common),
                                     .threads = threads_of(options.common),
                                     .progress = progress_of(options.common)};
  for (const std::string& text : options.tensor_types) {
    quantize.rules.push_back(compress::parse_type_rule(text));
  }
  std::optional<compress::Importance> importance;
  if (!options.imatrix.empty()) {
    importance.emplace(compress::read_imatrix(options.imatrix), options.imatrix);
    quantize.importance = &*importance;
  }
  if (options.method != "search") {
    const TextRequest request{.model = options.model,
                              .output = options.output,
                              .command_line = command_line,
                              .method = options.method,
                              .flags = options.text,
                              .rounding = quantize};
    return print_out(told_of_text_method(options, target.label(), request));
  }
  const auto file = model::open_tensors(options.model);
  const compress::QuantizeResult result = compress::quantize(*file, options.output, quantize);
  print_out(options.common.json ? to_line(json_of(options, target.label(), result)) + "\n"
                                : text_of(options, target.label(), result));
}

}  // namespace

void setup_compress(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("compress", "make a model smaller, by one transform");
  verb->add_option("MODEL", options->model, "GGUF file, or folder of Hugging Face")->required();
  verb->add_option("-o,--output", options->output, "GGUF file to write")->required();
  verb->add_option("--type", options->type, type_names())->capture_default_str();
  verb->add_option("--imatrix", options->imatrix,
                   "importance of columns, a file of llama.cpp: errors are weighted by it");
  verb->add_option("--tensor-type", options->tensor_types,
                   "REGEX=TYPE: matrices whose name it is found in; the first that is wins")
      ->take_all();
  verb->add_option("--method", options->method,
                   "search: scales by a search; gptq: also errors fed forward; awq: columns that "
                   "large inputs meet scaled up first; the last two learn from --text")
      ->check(CLI::IsMember({"search", "gptq", "awq", "awq+gptq"}))
      ->capture_default_str();
  add_text_flags(*verb, options->text);
  CLI::Option* pure = verb->add_flag("--pure", options->pure, "one type for all, not a mixture");
  verb->add_flag("--mixed", options->mixed,
                 "llama.cpp's mixture also for q4_0, q4_1, q5_0 and q5_1")
      ->excludes(pure);
  add_common(*verb, options->common, {.compute = true});
  verb->footer(
      "Examples:\n  frugal compress model.gguf -o model-q8.gguf --type q8_0\n  frugal compress "
      "model.gguf -o model-q4.gguf --type q4_k_m --imatrix imatrix.gguf --tensor-type "
      "'ffn_down=q6_k'\n  frugal compress model.gguf -o model-q4.gguf --type q4_k_m --method gptq "
      "--text calibration.txt\n  frugal compress hf-folder -o model.gguf --type bf16");
  verb->callback([options, &invocation] {
    invocation.action = [options, &invocation] { run_compress(*options, invocation.command_line); };
  });
}

}  // namespace frugal::cli
