#include "frugal/cli/compress_text.h"

#include <CLI/CLI.hpp>

#include "frugal/base/crc32c.h"
#include "frugal/base/machine.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"
#include "frugal/compress/calibrate.h"

namespace frugal::cli {

namespace {

constexpr double kGib = 1073741824.0;
constexpr std::uint64_t kUnknownMachine = std::uint64_t{1} << 30U;

}  // namespace

void add_job_flags(CLI::App& verb, JobFlags& flags) {
  verb.add_option("--text", flags.text, "for gptq, wanda and sparsegpt: what to calibrate on");
  verb.add_option("-c,--context", flags.context, "tokens per window of that text")
      ->capture_default_str();
  verb.add_option("--max-tokens", flags.max_tokens, "of that text; 0: all")->capture_default_str();
  verb.add_option("--memory", flags.memory_gib,
                  "GiB for calibration; less means more passes over the text. A quarter of what is "
                  "installed if not given")
      ->check(CLI::Range(0.001, 1e6));
}

std::uint64_t memory_of(const JobFlags& flags) {
  if (flags.memory_gib > 0.0) return static_cast<std::uint64_t>(flags.memory_gib * kGib);
  const std::uint64_t installed = this_machine().memory_bytes;
  return installed == 0 ? kUnknownMachine : installed / 4;
}

CalibrationText read_text(const format::TensorFile& file, const std::string& path) {
  if (path.empty()) return {};
  CalibrationText read{.text = read_input(path), .tokens = {}};
  read.tokens = model::load_tokenizer(file)->encode(read.text, {});
  return read;
}

format::Metadata notes_of(const std::string& command_line, const std::string& method,
                          const kernels::Kernels& kernels) {
  format::Metadata notes;
  notes.set("frugal.version", version_line());
  notes.set("frugal.compress.command", command_line);
  notes.set("frugal.compress.method", method);
  notes.set("frugal.compress.isa", std::string(kernels::isa_name(kernels.isa)));
  return notes;
}

void note_text(const JobFlags& flags, const CalibrationText& text, const model::Model& model,
               format::Metadata& notes) {
  if (text.tokens.empty()) return;
  const compress::TextWindows read = compress::windows_read(
      model, text.tokens, {.context = flags.context, .max_tokens = flags.max_tokens});
  notes.set("frugal.compress.text", flags.text);
  notes.set("frugal.compress.text_crc32c", crc32c(std::as_bytes(std::span(text.text))));
  notes.set("frugal.compress.context", static_cast<std::uint32_t>(flags.context));
  notes.set("frugal.compress.tokens", static_cast<std::uint64_t>(read.tokens()));
}

}  // namespace frugal::cli
