#pragma once

/// The part of `frugal compress` that knows a text to calibrate on: its options, reading it, and
/// what the output says of it.

#include <CLI/App.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "frugal/kernels/kernels.h"
#include "frugal/model/model.h"

namespace frugal::cli {

/// What a method that reads a text needs beside types and output.
struct JobFlags {
  std::string text;  ///< empty: none was given
  std::size_t context = 512;
  std::size_t max_tokens = 0;
  double memory_gib = 0.0;  ///< 0: a quarter of what is installed
};

void add_job_flags(CLI::App& verb, JobFlags& flags);

/// Most bytes for sums at once.
[[nodiscard]] std::uint64_t memory_of(const JobFlags& flags);

/// A text in a model's tokens; both empty without a path.
struct CalibrationText {
  std::string text = {};
  std::vector<text::TokenId> tokens = {};
};
[[nodiscard]] CalibrationText read_text(const format::TensorFile& file, const std::string& path);

/// What a file says of the command that made it: frugal.version, frugal.compress.{command, method,
/// isa}.
[[nodiscard]] format::Metadata notes_of(const std::string& command_line, const std::string& method,
                                        const kernels::Kernels& kernels);
/// And of the text: frugal.compress.{text, text_crc32c, context, tokens}.
void note_text(const JobFlags& flags, const CalibrationText& text, const model::Model& model,
               format::Metadata& notes);

}  // namespace frugal::cli
