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
  std::string description;                       ///< "this process and all that it started"
  std::function<std::optional<Seconds>()> read;  ///< nothing when it cannot be read
  Seconds resolution{0.001};
};

/// User and system time of this process, of the children it has waited for, and of all descendants
/// that still run: theirs in whole ticks of the kernel (mostly 10 ms), to be exact once they are
/// waited for.  Where the kernel does not list children (CONFIG_PROC_CHILDREN) a child's time
/// arrives all at once when it is waited for.
///
/// Never grows by what nobody spent: a process that ends between two looks is seen a look later.
/// Threads: one at a time per source.
/// Source: getrusage(2), proc(5).
[[nodiscard]] CpuTimeSource process_cpu_time();

/// Busy time of all processors, from the first line of `<root>/proc/stat`: user, nice, system,
/// interrupts; idle, waiting for disks and time stolen by other virtual machines are not busy.
/// Guest time is part of user time and counted once.
/// Source: proc(5).
[[nodiscard]] CpuTimeSource machine_cpu_time(const std::filesystem::path& root);

}  // namespace frugal::meter
