#pragma once

/// The battery of a machine that runs on it.

#include <filesystem>
#include <memory>

#include "frugal/base/clock.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

/// Formula:       E = ∫ power_now dt over batteries that discharge (voltage_now · current_now where
///                there is no power_now): what the whole machine draws, screen included.
///                Deviation that of ProbeMeter; the gauge's own is taken as 5 %.
/// Units:         J; files in µW, µV, µA.
/// Resolution:    of the battery's gauge, usually 1 to 10 mW.
/// Update period: taken as 5 s; gauges update every 1 to 30 s.
/// Wraps at:      never.
/// Needs:         a battery that discharges: unplug the machine.  While it charges there is no
///                value, because the mains feed the machine.
/// Errors:        kUnsupported, with what is missing.
/// Threads:       one at a time.
/// Source:        Linux, Documentation/ABI/testing/sysfs-class-power.
[[nodiscard]] std::unique_ptr<Meter> open_battery(const std::filesystem::path& root,
                                                  ClockFn clock = monotonic_now);

}  // namespace frugal::meter
