#pragma once

/// RAPL energy counters through perf_event: 64 bits, summed up by the kernel.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "frugal/base/clock.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

/// A counter of the kernel's `power` unit on one CPU.
struct PerfEvent {
  std::uint32_t type = 0;
  std::uint64_t config = 0;
  int cpu = 0;
};

/// What opening one gave: how to read its raw count, or the errno that says why not.
struct PerfCounter {
  std::function<std::optional<std::uint64_t>()> read;
  int code = 0;
};
using PerfOpenFn = std::function<PerfCounter(const PerfEvent&)>;

/// perf_event_open(2) on all processes; the descriptor lives as long as `read`.
[[nodiscard]] PerfCounter open_perf_counter(const PerfEvent& event);

struct PerfOptions {
  std::filesystem::path root = "/";
  PerfOpenFn open = open_perf_counter;
  ClockFn clock = monotonic_now;
};

/// Sums energy-pkg and energy-ram (or takes energy-psys, where there is no energy-pkg) of
/// `<root>/sys/bus/event_source/devices/power`, on one CPU of each package (its `cpumask`).
///
/// Formula:       E = Σ (count now − count before) · scale; deviation that of ProbeMeter.
/// Units:         J; `events/*.unit` must be Joules, `events/*.scale` is joules a count.
/// Resolution:    2^-32 J of the count, but the register behind it moves in steps of 61 or 15 µJ.
/// Update period: about 1 ms.
/// Wraps at:      never in practice (2^63 counts are 2 GJ); the kernel follows the register.
/// Needs:         CAP_PERFMON, or kernel.perf_event_paranoid of 0 or less.
/// Errors:        kUnsupported when there is no such unit, or what it says is not understood;
///                kPermission, with the command that gives it.
/// Threads:       one at a time.
/// Source:        Linux, arch/x86/events/rapl.c; perf_event_open(2).
[[nodiscard]] std::unique_ptr<Meter> open_perf(const PerfOptions& options);

}  // namespace frugal::meter
