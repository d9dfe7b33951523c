#include "frugal/cli/compress_text.h"

#include <CLI/CLI.hpp>

#include "frugal/base/crc32c.h"
#include "frugal/base/error.h"
#include "frugal/base/machine.h"
#include "frugal/base/str.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"
#include "frugal/compress/calibrate.h"

namespace frugal::cli {

namespace {

constexpr double kGib = 1073741824.0;
constexpr std::uint64_t kUnknownMachine = std::uint64_t{1} << 30U;

}  // namespace

void add_text_flags(CLI::App& verb, TextFlags& flags) {
  verb.add_option("--text", flags.text, "for gptq and awq: what to calibrate on");
  verb.add_option("-c,--context", flags.context, "for gptq and awq: tokens per window of the text")
      ->capture_default_str();
  verb.add_option("--max-tokens", flags.max_tokens, "for gptq and awq: of the text; 0: all")
      ->capture_default_str();
  verb.add_option("--memory", flags.memory_gib,
                  "for gptq and awq: GiB; less means more passes over the text. A quarter of "
                  "what is installed if not given")
      ->check(CLI::Range(0.001, 1e6));
}

std::uint64_t memory_of(const TextFlags& flags) {
  if (flags.memory_gib > 0.0) return static_cast<std::uint64_t>(flags.memory_gib * kGib);
  const std::uint64_t installed = this_machine().memory_bytes;
  return installed == 0 ? kUnknownMachine : installed / 4;
}

CalibrationText read_calibration(const TextRequest& request) {
  if (request.flags.text.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                str("--method {}: no text to calibrate on, expected --text FILE", request.method));
  }
  CalibrationText read{.model = model::load(request.model)};
  const auto tokenizer =
      read.model.tokenizer ? read.model.tokenizer : model::load_tokenizer(*read.model.file);
  read.text = read_input(request.flags.text);
  read.tokens = tokenizer->encode(read.text, {});
  return read;
}

format::Metadata notes_of(const TextRequest& request, const CalibrationText& read) {
  const compress::TextWindows windows = compress::windows_read(
      read.model, read.tokens,
      {.context = request.flags.context, .max_tokens = request.flags.max_tokens});
  format::Metadata notes;
  const std::uint32_t sum = crc32c(std::as_bytes(std::span(read.text)));
  notes.set("frugal.version", version_line());
  notes.set("frugal.compress.command", request.command_line);
  notes.set("frugal.compress.method", request.method);
  notes.set("frugal.compress.text", request.flags.text);
  notes.set("frugal.compress.text_crc32c", sum);
  notes.set("frugal.compress.context", static_cast<std::uint32_t>(request.flags.context));
  notes.set("frugal.compress.tokens", static_cast<std::uint64_t>(windows.tokens()));
  notes.set("frugal.compress.isa", std::string(kernels::isa_name(request.rounding.kernels->isa)));
  return notes;
}

}  // namespace frugal::cli
