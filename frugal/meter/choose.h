#pragma once

/// Which meters this machine has, and the ones to use.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/meter/fetch.h"
#include "frugal/meter/meter.h"
#include "frugal/meter/model.h"

namespace frugal::meter {

struct MeterOptions {
  std::string name = "auto";            ///< one of meter_names()
  std::filesystem::path root = "/";     ///< where `sys`, `proc` and `dev` are read from
  std::optional<Watts> cpu_power = {};  ///< of one busy CPU, for the model; its default if absent
  std::filesystem::path machine = {};   ///< a machine file for the model; empty: none
  std::string nvml_library = {};        ///< empty: the driver's, and only where `root` is "/"
  FetchRequest request = {};            ///< of "redfish" and "http": where, and as whom
  std::string pointer = {};             ///< of "http": where in the answer, "/meters/0/power"
  std::string unit = "W";               ///< of "http": of the number there
  FetchFn fetch = {};                   ///< how; without it neither can be read
};

/// One line of `frugal info`.
struct MeterStatus {
  std::string name;
  bool available = false;
  Quality quality = Quality::kUnavailable;
  std::string detail =
      {};  ///< what it reads, or what it would need (the exact command or permission)
};

/// "auto, perf, rapl, … or model", for people.
[[nodiscard]] std::string meter_names();

/// What the model is made of: the machine file's figures, wider where it comes from another
/// processor than that under `root`, then `cpu_power` where it is stated.
/// Errors: those of load_machine_file.
[[nodiscard]] ModelOptions model_options_of(const MeterOptions& options);

/// Every meter this build knows, best first; last the set that "auto" would take, and why.
[[nodiscard]] std::vector<MeterStatus> survey(const MeterOptions& options);

/// The named meter; for "auto" a set that counts no joule twice: RAPL (perf_event before powercap;
/// packages and DRAM, or the platform where that is all there is) with the graphics processors
/// beside it; else a meter of the whole machine, alone; else the model, with what graphics
/// processors there are.
///
/// Errors: kInvalidArgument for an unknown name (the message lists the names); kUnsupported or
///         kPermission, with what it needs, when the named one cannot be read; those of
///         load_machine_file, whether or not the model is taken.
[[nodiscard]] std::unique_ptr<Meter> choose_meter(const MeterOptions& options);

}  // namespace frugal::meter
