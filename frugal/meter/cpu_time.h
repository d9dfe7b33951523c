#pragma once

/// CPU seconds spent, by whom, since some past moment.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "frugal/base/units.h"

namespace frugal::meter {

/// A count of CPU seconds that only grows.
struct CpuTimeSource {
  std::string description;                       ///< "this process and its waited-for children"
  std::function<std::optional<Seconds>()> read;  ///< nothing when it cannot be read
  Seconds resolution{0.001};
};

/// User and system time of this process and of the children it has waited for.  A child's time
/// arrives all at once when it is waited for, so children must start and end inside the span.
/// Source: getrusage(2).
[[nodiscard]] CpuTimeSource process_cpu_time();

/// Busy time of all processors, from the first line of `<root>/proc/stat`: user, nice, system,
/// interrupts; idle, waiting for disks and time stolen by other virtual machines are not busy.
/// Guest time is part of user time and counted once.
/// Source: proc(5).
[[nodiscard]] CpuTimeSource machine_cpu_time(const std::filesystem::path& root);

}  // namespace frugal::meter
