#include "frugal/cli/compress_awq.h"

#include <algorithm>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/compress/calibrate.h"

namespace frugal::cli {

Folded fold_scales(const AwqRequest& request) {
  if (request.flags.text.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("{}: no text to calibrate on, expected --text FILE", request.option));
  }
  compress::refuse_same_file(*request.file, request.output);
  const model::Model model = model::describe(request.file);
  const CalibrationText text = read_text(*request.file, request.flags.text);
  Folded folded{.scaled = compress::find_scales(model, text.tokens,
                                                {.rounding = request.rounding,
                                                 .context = request.flags.context,
                                                 .max_tokens = request.flags.max_tokens,
                                                 .sums_bytes = memory_of(request.flags)})};
  std::vector<compress::Scaling> scalings;
  for (const compress::ScaledInput& each : folded.scaled) {
    if (each.exponent > 0.0) scalings.push_back(each.scaling);
  }
  const std::filesystem::path path = request.output.string() + ".folded";
  compress::write_folded(*request.file, scalings, {}, path, request.rounding.progress);
  folded.file = format::TensorFile::open(path);
  std::filesystem::remove(path);
  return folded;
}

compress::Imatrix imatrix_of_text(std::shared_ptr<const format::TensorFile> folded,
                                  const JobFlags& flags, compress::QuantizeOptions& rounding) {
  const model::Model model = model::describe(std::move(folded));
  const CalibrationText text = read_text(*model.file, flags.text);
  compress::Imatrix imatrix = compress::calibrate(model, text.tokens,
                                                  {.context = flags.context,
                                                   .max_tokens = flags.max_tokens,
                                                   .output = true,
                                                   .threads = rounding.threads,
                                                   .kernels = rounding.kernels,
                                                   .progress = rounding.progress});
  imatrix.datasets = {flags.text};
  note_text(flags, text, model, rounding.notes);
  return imatrix;
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
