#pragma once

/// Which meters this machine has, and the one to use.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

struct MeterOptions {
  std::string name = "auto";         ///< "auto", "rapl", "model"
  std::filesystem::path root = "/";  ///< where `sys` and `proc` are read from
  std::optional<Watts> cpu_power;    ///< of one busy CPU, for the model; its default if absent
};

/// One line of `frugal info`.
struct MeterStatus {
  std::string name;
  bool available = false;
  Quality quality = Quality::kUnavailable;
  std::string detail;  ///< what it reads, or what it would need (the exact command or permission)
};

/// Every meter this build knows, best first.
[[nodiscard]] std::vector<MeterStatus> survey(const MeterOptions& options);

/// The named meter, or for "auto" the best available.
/// Errors: kInvalidArgument for an unknown name (the message lists the names); kUnsupported or
///         kPermission, with what it needs, when the named one cannot be read.
[[nodiscard]] std::unique_ptr<Meter> choose_meter(const MeterOptions& options);

}  // namespace frugal::meter
