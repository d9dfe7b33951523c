#include "frugal/cli/compress_awq.h"

#include <algorithm>
#include <filesystem>

#include "frugal/base/str.h"
#include "frugal/cli/compress_gptq.h"
#include "frugal/compress/calibrate.h"

namespace frugal::cli {

namespace {

// A file that is not wanted any more when its maker is done, well or not.
class Passing {
 public:
  explicit Passing(std::filesystem::path path) : path_(std::move(path)) {}
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;
  ~Passing() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::vector<compress::ScaledInput> fold_into(const std::filesystem::path& folded,
                                             const CalibrationText& read,
                                             const TextRequest& request) {
  compress::refuse_same_file(*read.model.file, request.output);
  auto scaled = compress::find_scales(read.model, read.tokens,
                                      {.rounding = request.rounding,
                                       .context = request.flags.context,
                                       .max_tokens = request.flags.max_tokens,
                                       .sums_bytes = memory_of(request.flags)});
  std::vector<compress::Scaling> scalings;
  for (const compress::ScaledInput& each : scaled) {
    if (each.exponent > 0.0) scalings.push_back(each.scaling);
  }
  compress::write_folded(*read.model.file, scalings, {}, folded, request.rounding.progress);
  return scaled;
}

// The search, weighted by what the text puts into the folded model.
compress::QuantizeResult round_by_search(const std::filesystem::path& folded,
                                         const CalibrationText& read, const TextRequest& request) {
  const model::Model model = model::load(folded);
  compress::Imatrix imatrix = compress::calibrate(model, read.tokens,
                                                  {.context = request.flags.context,
                                                   .max_tokens = request.flags.max_tokens,
                                                   .output = true,
                                                   .threads = request.rounding.threads,
                                                   .kernels = request.rounding.kernels,
                                                   .progress = request.rounding.progress});
  imatrix.datasets = {request.flags.text};
  const compress::Importance importance(imatrix);
  compress::QuantizeOptions rounding = request.rounding;
  rounding.importance = &importance;
  rounding.notes = notes_of(request, read);
  return compress::quantize(*model.file, request.output, rounding);
}

}  // namespace

TextMethodResult run_awq(const TextRequest& request, bool quiet) {
  const CalibrationText read = read_calibration(request);
  const Passing folded(request.output.string() + ".folded");
  TextMethodResult result{.scaled = fold_into(folded.path(), read, request)};
  if (request.method == "awq") {
    result.file = round_by_search(folded.path(), read, request);
    return result;
  }
  TextRequest then = request;
  then.model = folded.path().string();
  result.gptq = run_gptq(then, quiet);
  result.file = result.gptq->file;
  return result;
}

Json awq_json(std::span<const compress::ScaledInput> scaled) {
  Json inputs = Json::array();
  for (const compress::ScaledInput& each : scaled) {
    inputs.push_back({{"tensors", each.scaling.fold.input.tensors},
                      {"exponent", each.exponent},
                      {"loss_before", each.loss_before},
                      {"loss", each.loss}});
  }
  return inputs;
}

std::string awq_text(std::span<const compress::ScaledInput> scaled) {
  if (scaled.empty()) return "";
  const auto better = std::count_if(scaled.begin(), scaled.end(),
                                    [](const auto& each) { return each.exponent > 0.0; });
  return str("{} of {} inputs scaled; the others lose least as they are\n", better, scaled.size());
}

}  // namespace frugal::cli
