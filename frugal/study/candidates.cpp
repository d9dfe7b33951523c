#include "frugal/study/candidates.h"

#include <algorithm>
#include <array>

#include "frugal/base/atomic_file.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/base/thread_pool.h"
#include "frugal/compress/quantize.h"
#include "frugal/format/gguf.h"

namespace frugal::study {

namespace {

constexpr std::array kRoundings = {DType::kQ8_0, DType::kQ4_0};

// The type most of the weights have, by bytes.
DType main_type(const model::Model& model) {
  std::map<DType, std::uint64_t> bytes;
  for (const format::TensorInfo& tensor : model.file->tensors()) bytes[tensor.type] += tensor.bytes;
  const auto most = std::max_element(
      bytes.begin(), bytes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == bytes.end() ? DType::kF32 : most->first;
}

ProgressFn staged(const ProgressFn& progress, std::string stage) {
  if (!progress) return {};
  return [progress, stage = std::move(stage)](const ProgressUpdate& update) {
    progress({.stage = stage, .done = update.done, .total = update.total});
  };
}

}  // namespace

WorkFolder::WorkFolder(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code fault;
  std::filesystem::remove_all(path_, fault);
  std::filesystem::create_directories(path_, fault);
  if (fault) throw frugal::system_error(fault.value(), path_, "cannot create");
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<Candidate> make_roundings(const std::filesystem::path& model, const WorkFolder& folder,
                                      const ProgressFn& progress) {
  std::vector<Candidate> candidates;
  candidates.push_back({"as is", model, model::load(model), {}, {}});
  const DType own = main_type(candidates[0].model);
  for (const DType type : kRoundings) {
    if (type == own) continue;
    const std::string label(name(type));
    const std::filesystem::path file = folder.path() / (label + ".gguf");
    compress::quantize(*candidates[0].model.file, file,
                       {.type = type,
                        .threads = usable_cpus(),
                        .progress = staged(progress, "quantise " + label)});
    candidates.push_back({label, file, model::load(file), {}, {}});
  }
  return candidates;
}

std::vector<Candidate> make_candidates(const OptimizeOptions& options,
                                       const std::vector<TokenId>& text, const WorkFolder& folder) {
  std::vector<Candidate> candidates = make_roundings(options.model, folder, options.progress);
  const engine::EngineOptions engine_options{.threads = usable_cpus(), .kernels = options.kernels};
  engine::Engine baseline(candidates[0].model, engine_options);
  eval::ScoreOptions score;
  score.context = options.eval_context;
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    Candidate& candidate = candidates[i];
    engine::Engine engine(candidate.model, engine_options);
    eval::ScoreOptions one = score;
    one.progress = staged(options.progress, "compare " + candidate.transform);
    candidate.comparison = eval::compare(baseline, engine, text, one);
    candidate.score = candidate.comparison->candidate;
    candidates[0].score = candidate.comparison->reference;
  }
  return candidates;
}

}  // namespace frugal::study
