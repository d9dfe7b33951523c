#pragma once

/// RAPL energy counters through the powercap file tree.

#include <filesystem>
#include <memory>

#include "frugal/base/clock.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

/// Sums packages and DRAM (or psys, where there is no package) from
/// `<root>/sys/class/powercap/intel-rapl:*`; core and uncore are inside a package and never added.
///
/// Formula:       E = Σ (counter now − counter before) mod (max_energy_range_uj + 1 count); its
///                deviation is that of ProbeMeter.
/// Units:         J; counters in µJ.
/// Resolution:    one count, 61 µJ (Intel packages) or 15 µJ (AMD, DRAM of older Intel servers).
/// Update period: about 1 ms.
/// Wraps at:      262 kJ or 65.5 kJ; sample twice per wrap at the power limit (Span does).
/// Needs:         read permission on `energy_uj`: root only since Linux 5.10 (CVE-2020-8694).
/// Numbers:       powercap truncates the unit to nJ, so readings are up to 2.6 ppm low.
/// Notes:         DRAM that stood still is not fitted and is left out; mirrored dies count once.
/// Threads:       one at a time.
/// Errors:        kUnsupported when there are no counters; kPermission, with the command that gives
///                it, when they may not be read.
/// Source:        Intel SDM vol. 3B, 15.10; Linux, Documentation/power/powercap/powercap.rst.
[[nodiscard]] std::unique_ptr<Meter> open_powercap(const std::filesystem::path& root,
                                                   ClockFn clock = monotonic_now);

}  // namespace frugal::meter
