#include "frugal/cli/compress_shrink.h"

#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/compress/sparsity.h"
#include "frugal/model/huggingface.h"

namespace frugal::cli {

namespace {

double part_of(const std::string& text) {
  if (text.empty()) return 0.0;
  const compress::Sparsity part = compress::parse_sparsity(text);
  if (part.group > 0 || part.below > 0.0F || part.none()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("--drop-channels '{}': expected a part above 0 and below 1 such as 25%",
                    printable(text)));
  }
  return part.ratio;
}

}  // namespace

void add_shrink_flags(CLI::App& verb, ShrinkFlags& flags) {
  verb.add_option("--drop-layers", flags.layers,
                  "so many of the layers that change least what passes through them");
  verb.add_option("--drop-channels", flags.channels,
                  "25%: of the channels of every layer's MLP; those that stay make up for them");
  verb.add_option("--drop-heads", flags.heads,
                  "so many key-value heads of every layer, with the query heads that share them");
  verb.add_option("--scores", flags.scores,
                  "what channels and heads are worth, a file of frugal train --scores");
}

compress::Shrunk run_shrink(std::shared_ptr<const format::TensorFile> file,
                            const ShrinkFlags& flags, const JobFlags& text,
                            const compress::QuantizeOptions& rounding) {
  compress::ShrinkOptions options{.layers = flags.layers,
                                  .channels = part_of(flags.channels),
                                  .groups = flags.heads,
                                  .sums_bytes = memory_of(text),
                                  .calibration = {.context = text.context,
                                                  .max_tokens = text.max_tokens,
                                                  .threads = rounding.threads,
                                                  .kernels = rounding.kernels,
                                                  .progress = rounding.progress}};
  if (!flags.scores.empty()) options.scores = format::TensorFile::open(flags.scores);
  const CalibrationText read = read_text(*file, text.text);
  return compress::shrink(std::move(file), read.tokens, options);
}

std::string shrink_note(const compress::Shrunk& shrunk) {
  std::string note;
  if (!shrunk.dropped_layers.empty()) {
    note = "layers";
    for (const std::size_t layer : shrunk.dropped_layers) note += str(" {}", layer);
  }
  const auto add = [&](const char* what, std::size_t before, std::size_t after) {
    if (before == after) return;
    note += str("{}{} {} -> {}", note.empty() ? "" : ", ", what, before, after);
  };
  add("channels", shrunk.channels_before, shrunk.channels_after);
  add("heads", shrunk.heads_before, shrunk.heads_after);
  return note;
}

Json shrink_json(const compress::Shrunk& shrunk) {
  Json json = {
      {"layers", shrunk.dropped_layers},         {"channels_before", shrunk.channels_before},
      {"channels_after", shrunk.channels_after}, {"heads_before", shrunk.heads_before},
      {"heads_after", shrunk.heads_after},       {"compensated", shrunk.compensated},
      {"uncompensated", shrunk.uncompensated}};
  if (!shrunk.influence.empty()) json["block_influence"] = shrunk.influence;
  return {{"dropped", json}};
}

std::string shrink_text(const compress::Shrunk& shrunk) {
  std::string text = str("dropped: {}\n", shrink_note(shrunk));
  if (shrunk.compensated > 0) {
    text += str("{} matrices made up for the columns they lost\n", shrunk.compensated);
  }
  if (shrunk.uncompensated > 0) {
    text += str("{} matrices lost columns and could not make up for them: no usable input\n",
                shrunk.uncompensated);
  }
  return text;
}

}  // namespace frugal::cli
