#pragma once

/// `frugal compress --method gptq`: the job with what it tells.

#include <string>

#include "frugal/base/json.h"
#include "frugal/cli/compress_text.h"
#include "frugal/compress/gptq_job.h"

namespace frugal::cli {

/// Calibrates and rounds; tells the forecast on stderr first, unless `quiet`.
///
/// Errors: those of read_calibration and GptqJob.
[[nodiscard]] compress::GptqResult run_gptq(const TextRequest& request, bool quiet);

/// What the job did, for --json and for people (one line or several).
[[nodiscard]] Json gptq_json(const compress::GptqResult& result);
[[nodiscard]] std::string gptq_text(const compress::GptqResult& result);

}  // namespace frugal::cli
