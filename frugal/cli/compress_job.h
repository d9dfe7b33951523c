#pragma once

/// The part of `frugal compress` that goes through matrices one by one: the job, and what it tells.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "frugal/base/json.h"
#include "frugal/cli/compress_text.h"
#include "frugal/compress/matrix_job.h"

namespace frugal::cli {

/// A job as the command line asks for it.
struct JobRequest {
  std::shared_ptr<const format::TensorFile> file = {};
  std::filesystem::path output = {};
  std::string command_line = {};
  std::string option = {};  ///< that asked for it, for messages: "--method gptq"
  std::string method = {};  ///< its name in the file: "gptq"
  JobFlags flags = {};
  bool text_used_before = false;  ///< by what shrank the model
  compress::QuantizeOptions rounding = {};
  /// The method, once the file is known.
  std::function<std::unique_ptr<compress::MatrixMethod>(const format::TensorFile&)> make = {};
};

/// Calibrates, where the method learns from a text, and makes all matrices; tells the forecast on
/// stderr first, unless `quiet`.
///
/// The file says what made it (`notes_of`, `note_text`).  Nothing is drawn at random, so there is
/// no seed.
/// Errors: kInvalidArgument without a text for a method that learns from one, and with one for a
///         method that does not; those of MatrixJob.
[[nodiscard]] compress::JobResult run_job(const JobRequest& request, bool quiet);

/// What a job by GPTQ did, for --json and for people (one line or several).
[[nodiscard]] Json gptq_json(const compress::JobResult& result);
[[nodiscard]] std::string gptq_text(const compress::JobResult& result);

/// The same of pruning; `method` as in the request.
[[nodiscard]] Json prune_json(const compress::JobResult& result, const std::string& method);
[[nodiscard]] std::string prune_text(const compress::JobResult& result, const std::string& method);

}  // namespace frugal::cli
