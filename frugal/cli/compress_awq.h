#pragma once

/// `frugal compress --method awq` and `awq+gptq`.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/cli/compress_text.h"
#include "frugal/compress/awq.h"
#include "frugal/compress/gptq_job.h"

namespace frugal::cli {

/// What a method that reads a text did.
struct TextMethodResult {
  std::vector<compress::ScaledInput> scaled = {};
  compress::QuantizeResult file = {};
  std::optional<compress::GptqResult> gptq = std::nullopt;
};

/// Scales columns, writes the model with the scales folded in to OUTPUT.folded, rounds that by the
/// search with the text's own weights (`awq`) or by GPTQ (`awq+gptq`) and removes it.
///
/// Errors: those of find_scales, write_folded, quantize and run_gptq.
[[nodiscard]] TextMethodResult run_awq(const TextRequest& request, bool quiet);

/// One object for each input that could be scaled.
[[nodiscard]] Json awq_json(std::span<const compress::ScaledInput> scaled);
/// One line; none where nothing could be scaled.
[[nodiscard]] std::string awq_text(std::span<const compress::ScaledInput> scaled);

}  // namespace frugal::cli
