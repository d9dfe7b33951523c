#pragma once

/// `frugal compress --method gptq`: its options, and the job with what it tells.

#include <CLI/App.hpp>
#include <cstddef>
#include <filesystem>
#include <string>

#include "frugal/base/json.h"
#include "frugal/cli/common.h"
#include "frugal/compress/gptq_job.h"

namespace frugal::cli {

/// What a method that reads a text needs beside types and output.
struct GptqFlags {
  std::string text;  ///< empty: none was given
  std::size_t context = 512;
  std::size_t max_tokens = 0;
  double memory_gib = 0.0;  ///< 0: a quarter of what is installed
};

void add_gptq_flags(CLI::App& verb, GptqFlags& flags);

/// A job as the command line asks for it.
struct GptqRequest {
  std::string model;
  std::filesystem::path output;
  std::string command_line;
  GptqFlags flags = {};
  compress::QuantizeOptions rounding = {};
};

/// Calibrates and rounds; tells the forecast on stderr first, unless `quiet`.
///
/// The file says what made it: frugal.version, frugal.compress.{command, method, text, text_crc32c,
/// context, tokens, isa}.  Nothing is drawn at random, so there is no seed.
/// Errors: kInvalidArgument without a text; those of GptqJob.
[[nodiscard]] compress::GptqResult run_gptq(const GptqRequest& request, bool quiet);

/// What the job did, for --json and for people (one line or several).
[[nodiscard]] Json gptq_json(const compress::GptqResult& result);
[[nodiscard]] std::string gptq_text(const compress::GptqResult& result);

}  // namespace frugal::cli
