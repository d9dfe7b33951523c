#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/compress_awq.h"
#include "frugal/cli/compress_job.h"
#include "frugal/cli/compress_shrink.h"
#include "frugal/cli/verbs.h"
#include "frugal/compress/gptq_method.h"
#include "frugal/compress/prune_method.h"
#include "frugal/compress/quantize.h"
#include "frugal/kernels/round.h"
#include "frugal/model/huggingface.h"

namespace frugal::cli {

namespace {

constexpr std::string_view kUsualType = "q8_0";

struct Options {
  CommonOptions common;
  std::string model;
  std::string output;
  std::string type;  ///< empty: none was given
  std::string imatrix;
  std::vector<std::string> tensor_types;
  std::string method = "search";
  std::string prune;  ///< empty: not asked for
  std::string sparsity;
  std::vector<std::string> tensor_sparsity;
  JobFlags job;
  ShrinkFlags shrink;
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
  const std::string_view wanted = options.type.empty() ? kUsualType : options.type;
  const compress::Mixture* mixture = compress::find_mixture(wanted);
  const auto type = dtype_from_name(wanted);
  const bool known = type && kernels::can_round(*type);
  if (mixture == nullptr && !known) {
    throw Error(ErrorKind::kInvalidArgument,
                str("--type '{}': expected {}", printable(wanted), type_names()));
  }
  Target target{.type = mixture ? mixture->base : *type, .mixture = mixture};
  const bool old = known && traits(*type).block_elements <= 32 && *type != DType::kIQ4_NL;
  if (options.pure || (old && !options.mixed)) target.mixture = nullptr;
  return target;
}

// --method is one that reads a text.
bool learns(const Options& options) {
  return options.method != "search";
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
  const std::string what = result.converted == 0 ? std::string("no tensor changes its type")
                                                 : str("{} tensors to {}", result.converted, label);
  std::string text = str("{}: {}, {} -> {}\n", options.output, what,
                         human_bytes(result.bytes_before), human_bytes(result.bytes_after));
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

void refuse_if(bool wrong, const char* message) {
  if (wrong) throw Error(ErrorKind::kInvalidArgument, message);
}

void check_method(const Options& options) {
  const bool prune = !options.prune.empty();
  refuse_if(learns(options) && !options.imatrix.empty(),
            "--imatrix: is for --method search; the others weigh columns by their own text");
  refuse_if(prune && !options.imatrix.empty(),
            "--imatrix: is for --method search; --prune weighs columns by its own text");
  refuse_if(!learns(options) && !prune && !options.shrink.any() && !options.job.text.empty(),
            "--text: is for --method gptq and awq, --prune and --drop-…; the search takes weights "
            "from --imatrix");
  refuse_if(!options.shrink.any() && !options.shrink.scores.empty(),
            "--scores: is for --drop-channels and --drop-heads");
  refuse_if(options.shrink.any() && !options.imatrix.empty(),
            "--imatrix: is of the whole model, expected none together with --drop-…");
  refuse_if(learns(options) && prune,
            "--prune: is for --method search; sparsegpt prunes and rounds in one pass");
  refuse_if(prune && options.sparsity.empty() && options.tensor_sparsity.empty(),
            "--prune: how much is not said, expected --sparsity such as 0.5 or 2:4");
  refuse_if(!prune && !(options.sparsity.empty() && options.tensor_sparsity.empty()),
            "--sparsity: is for --prune, expected --prune magnitude, wanda or sparsegpt");
}

// A command on its way: the file as it is by now, and what was done to it so far.
struct Run {
  const Options& options;
  std::uint64_t bytes_before = 0;  ///< of the file as it was
  std::optional<compress::Shrunk> shrunk = {};
  std::vector<compress::ScaledInput> scaled = {};
  JobRequest request = {};

  [[nodiscard]] std::string label() const {
    return request.rounding.keep_types ? "types of their own" : target_of(options).label();
  }
  void print(compress::QuantizeResult result, const Json& more,
             const std::string& more_text) const {
    result.bytes_before = bytes_before;
    Json json = json_of(options, label(), result);
    if (shrunk) json.update(shrink_json(*shrunk));
    json.update(more);
    if (learns(options)) json["method"] = options.method;
    if (!scaled.empty()) json["scaled"] = awq_json(scaled);
    const std::string text = text_of(options, label(), result) +
                             (shrunk ? shrink_text(*shrunk) : std::string()) + awq_text(scaled) +
                             more_text;
    print_out(options.common.json ? to_line(json) + "\n" : text);
  }
};

void run_gptq(Run& run) {
  run.request.option = "--method " + run.options.method;
  run.request.method = run.options.method;
  run.request.make = [](const format::TensorFile&) {
    return std::make_unique<compress::GptqMethod>();
  };
  const compress::JobResult result = run_job(run.request, run.options.common.quiet);
  run.print(result.file, gptq_json(result), gptq_text(result));
}

void run_prune(Run& run) {
  const Options& options = run.options;
  compress::PruneOptions prune{.by = compress::prune_by_name(options.prune).value()};
  if (!options.sparsity.empty()) prune.sparsity = compress::parse_sparsity(options.sparsity);
  for (const std::string& text : options.tensor_sparsity) {
    prune.rules.push_back(compress::parse_sparsity_rule(text));
  }
  run.request.option = "--prune " + options.prune;
  run.request.method = options.prune;
  run.request.rounding.keep_types = options.type.empty();
  run.request.rounding.notes.set("frugal.compress.sparsity", compress::to_text(prune.sparsity));
  run.request.make = [&prune](const format::TensorFile& file) {
    return std::make_unique<compress::PruneMethod>(file, prune);
  };
  const compress::JobResult result = run_job(run.request, options.common.quiet);
  run.print(result.file, prune_json(result, options.prune), prune_text(result, options.prune));
}

void run_search(Run& run) {
  run.print(compress::quantize(*run.request.file, run.request.output, run.request.rounding),
            Json::object(), "");
}

void run_awq(Run& run) {
  JobRequest& request = run.request;
  const format::Metadata own =
      notes_of(request.command_line, run.options.method, *request.rounding.kernels);
  for (const format::MetaEntry& entry : own.entries()) {
    request.rounding.notes.set(entry.key, entry.value);
  }
  const compress::Importance importance(
      imatrix_of_text(request.file, request.flags, request.rounding));
  request.rounding.importance = &importance;
  run_search(run);
}

// Columns are scaled first; what follows is done to the scaled model.
void fold_first(Run& run) {
  JobRequest& request = run.request;
  Folded folded = fold_scales({.file = request.file,
                               .output = request.output,
                               .option = "--method " + run.options.method,
                               .flags = request.flags,
                               .rounding = request.rounding});
  request.file = std::move(folded.file);
  run.scaled = std::move(folded.scaled);
}

// The model becomes smaller first; what follows is done to what is left.
void shrink_first(Run& run) {
  const Options& options = run.options;
  JobRequest& request = run.request;
  compress::refuse_same_file(*request.file, request.output);
  run.shrunk = run_shrink(request.file, options.shrink, options.job, request.rounding);
  request.file = run.shrunk->file;
  request.text_used_before = true;
  request.rounding.keep_types = options.type.empty() && options.method == "search";
  request.rounding.notes = notes_of(request.command_line, "drop", *request.rounding.kernels);
  note_text(options.job, read_text(*request.file, options.job.text), model::describe(request.file),
            request.rounding.notes);
  request.rounding.notes.set("frugal.compress.dropped", shrink_note(*run.shrunk));
}

compress::QuantizeOptions rounding_of(const Options& options) {
  const Target target = target_of(options);
  compress::QuantizeOptions rounding{.type = target.type,
                                     .mixture = target.mixture,
                                     .kernels = &kernels_of(options.common),
                                     .threads = threads_of(options.common),
                                     .progress = progress_of(options.common)};
  for (const std::string& text : options.tensor_types) {
    rounding.rules.push_back(compress::parse_type_rule(text));
  }
  return rounding;
}

void run_compress(const Options& options, const std::string& command_line) {
  check_method(options);
  Run run{.options = options,
          .request = {.file = {},
                      .output = options.output,
                      .command_line = command_line,
                      .flags = options.job,
                      .rounding = rounding_of(options)}};
  std::optional<compress::Importance> importance;
  if (!options.imatrix.empty()) {
    importance.emplace(compress::read_imatrix(options.imatrix), options.imatrix);
    run.request.rounding.importance = &*importance;
  }
  run.request.file = model::open_tensors(options.model);
  for (const format::TensorInfo& tensor : run.request.file->tensors()) {
    run.bytes_before += tensor.bytes;
  }
  if (options.shrink.any()) shrink_first(run);
  if (!options.prune.empty()) return run_prune(run);
  if (options.method.starts_with("awq")) fold_first(run);
  if (options.method == "awq") return run_awq(run);
  if (learns(options)) return run_gptq(run);
  run_search(run);
}

void add_prune_flags(CLI::App& verb, Options& options) {
  verb.add_option("--prune", options.prune,
                  "zeros in the matrices of the layers, by magnitude, wanda (also by the size of "
                  "inputs) or sparsegpt (others make up for them)")
      ->check(CLI::IsMember({"magnitude", "wanda", "sparsegpt"}));
  verb.add_option("--sparsity", options.sparsity,
                  "for --prune: 0.5 or 50%, of each matrix; 2:4: 2 of 4 columns stay; <0.01: all "
                  "smaller numbers (magnitude)");
  verb.add_option("--tensor-sparsity", options.tensor_sparsity,
                  "REGEX=SPARSITY: matrices whose name it is found in, embedding and output too; "
                  "the first that is wins")
      ->take_all();
}

}  // namespace

void setup_compress(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("compress", "make a model smaller, by one transform");
  verb->add_option("MODEL", options->model, "GGUF file, or folder of Hugging Face")->required();
  verb->add_option("-o,--output", options->output, "GGUF file to write")->required();
  verb->add_option("--type", options->type, type_names() + "; with --prune or --drop-…: as it was")
      ->default_str(std::string(kUsualType));
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
  add_prune_flags(*verb, *options);
  add_shrink_flags(*verb, options->shrink);
  add_job_flags(*verb, options->job);
  CLI::Option* pure = verb->add_flag("--pure", options->pure, "one type for all, not a mixture");
  verb->add_flag("--mixed", options->mixed,
                 "llama.cpp's mixture also for q4_0, q4_1, q5_0 and q5_1")
      ->excludes(pure);
  add_common(*verb, options->common, {.compute = true});
  verb->footer(
      "Examples:\n  frugal compress model.gguf -o model-q8.gguf --type q8_0\n  frugal compress "
      "model.gguf -o model-q4.gguf --type q4_k_m --imatrix imatrix.gguf --tensor-type "
      "'ffn_down=q6_k'\n  frugal compress model.gguf -o model-q4.gguf --type q4_k_m --method gptq "
      "--text calibration.txt\n  frugal compress model.gguf -o model-half.gguf --prune wanda "
      "--sparsity 0.5 --text calibration.txt\n  frugal compress model.gguf -o smaller.gguf "
      "--drop-layers 2 --drop-channels 25% --text calibration.txt\n  frugal compress hf-folder -o "
      "model.gguf --type bf16");
  verb->callback([options, &invocation] {
    invocation.action = [options, &invocation] { run_compress(*options, invocation.command_line); };
  });
}

}  // namespace frugal::cli
