#pragma once

/// The options that mean the same in every verb, and what they stand for.

#include <CLI/App.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "frugal/base/progress.h"
#include "frugal/kernels/kernels.h"
#include "frugal/ledger/ledger.h"
#include "frugal/meter/choose.h"

namespace frugal::cli {

struct CommonOptions {
  std::string ledger;  ///< empty: none is written
  std::string meter = "auto";
  std::string sysfs = "/";
  std::optional<double> cpu_watts;
  std::string machine;        ///< a machine file for the model; empty: none
  std::string meter_url;      ///< for the meters redfish and http
  std::string meter_pointer;  ///< for http, with meter_unit
  std::string meter_unit = "W";
  bool meter_insecure = false;     ///< take any certificate
  std::string isa;                 ///< empty: FRUGAL_ISA, else the best
  std::size_t threads = 0;         ///< 0: as many as CPUs
  std::size_t prompt_threads = 0;  ///< for reading prompts; 0: as threads
  bool auto_threads = false;       ///< those that cost least
  std::uint64_t seed = 1;
  bool json = false;
  bool quiet = false;
};

/// Which of the common options a verb takes.
struct CommonSet {
  bool ledger = false;
  bool meter = false;
  bool compute = false;   ///< --isa, --threads
  bool generate = false;  ///< with compute: also --threads-batch, and auto for --threads
  bool seed = false;
  bool json = true;
};

void add_common(CLI::App& verb, CommonOptions& options, const CommonSet& set);

[[nodiscard]] const kernels::Kernels& kernels_of(const CommonOptions& options);
[[nodiscard]] std::size_t threads_of(const CommonOptions& options);
/// Where NVIDIA's library lies may be said by FRUGAL_NVML; FRUGAL_METER_USER and
/// FRUGAL_METER_PASSWORD are the account at `meter_url`.
[[nodiscard]] meter::MeterOptions meter_options_of(const CommonOptions& options);

/// Draws a bar with an ETA on a terminal, plain lines elsewhere, on stderr; nothing with --quiet.
/// It throws Interrupted once Ctrl-C was pressed.
[[nodiscard]] ProgressFn progress_of(const CommonOptions& options);

/// What a ledger says of this run.
[[nodiscard]] ledger::RunInfo run_info(std::string_view verb, const std::string& command_line,
                                       const std::string& model, const std::string& settings);

/// Prints one JSON object or one text on stdout, whole or not at all.
/// Errors: kIo when stdout cannot take it (a full disk, a closed pipe).
void print_out(std::string_view text);

/// All of `path`; "-" is standard input.
[[nodiscard]] std::string read_input(const std::string& path);

}  // namespace frugal::cli
