#pragma once

/// What the methods of `frugal compress` share that learn from a text.

#include <CLI/App.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "frugal/compress/quantize.h"
#include "frugal/model/model.h"

namespace frugal::cli {

/// What a method that reads a text needs beside types and output.
struct TextFlags {
  std::string text;  ///< empty: none was given
  std::size_t context = 512;
  std::size_t max_tokens = 0;
  double memory_gib = 0.0;  ///< 0: a quarter of what is installed
};

void add_text_flags(CLI::App& verb, TextFlags& flags);

/// A job as the command line asks for it.
struct TextRequest {
  std::string model;
  std::filesystem::path output;
  std::string command_line;
  std::string method = "gptq";
  TextFlags flags = {};
  compress::QuantizeOptions rounding = {};
};

/// The model, and the text in its tokens.
struct CalibrationText {
  model::Model model = {};
  std::string text = {};
  std::vector<text::TokenId> tokens = {};
};

/// Errors: kInvalidArgument without a text; those of model::load and read_input.
[[nodiscard]] CalibrationText read_calibration(const TextRequest& request);

/// Most bytes for sums: what --memory says.
[[nodiscard]] std::uint64_t memory_of(const TextFlags& flags);

/// What the file says of how it was made: frugal.version, frugal.compress.{command, method, text,
/// text_crc32c, context, tokens, isa}.  Nothing is drawn at random, so there is no seed.
[[nodiscard]] format::Metadata notes_of(const TextRequest& request, const CalibrationText& text);

}  // namespace frugal::cli
