#pragma once

/// The part of `frugal compress` that drops layers, channels and heads: its options, and what it
/// tells.

#include <CLI/App.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "frugal/base/json.h"
#include "frugal/cli/compress_text.h"
#include "frugal/compress/quantize.h"
#include "frugal/compress/shrink.h"

namespace frugal::cli {

struct ShrinkFlags {
  std::size_t layers = 0;
  std::string channels;  ///< "25%"; empty: none
  std::size_t heads = 0;
  std::string scores;  ///< a file; empty: by what the text shows

  [[nodiscard]] bool any() const { return layers > 0 || !channels.empty() || heads > 0; }
};

void add_shrink_flags(CLI::App& verb, ShrinkFlags& flags);

/// Shrinks `file` as the flags say, reading --text where it was given.
/// Errors: kInvalidArgument for channels that are no part; those of compress::shrink.
[[nodiscard]] compress::Shrunk run_shrink(std::shared_ptr<const format::TensorFile> file,
                                          const ShrinkFlags& flags, const JobFlags& text,
                                          const compress::QuantizeOptions& rounding);

/// What became of it, for the file's metadata, for --json and for people.
[[nodiscard]] std::string shrink_note(const compress::Shrunk& shrunk);
[[nodiscard]] Json shrink_json(const compress::Shrunk& shrunk);
[[nodiscard]] std::string shrink_text(const compress::Shrunk& shrunk);

}  // namespace frugal::cli
