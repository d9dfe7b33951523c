#pragma once

/// Energy and power inputs of hwmon chips: AMD and Intel graphics, boards with a sensor on a rail.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frugal/base/clock.h"
#include "frugal/meter/meter.h"
#include "frugal/meter/probe.h"

namespace frugal::meter {

/// What a chip measures, as far as its driver's name tells.
enum class ChipKind {
  kGraphics,  ///< amdgpu, i915, xe: a whole card or processor
  kSockets,   ///< amd_energy: processor sockets, the same counters as RAPL
  kNode,      ///< power_meter: the machine, by ACPI
  kOther,     ///< some rail; what else contains it is not known
};

/// A chip with something to read.
struct HwmonChip {
  std::string id;    ///< "hwmon3"
  std::string name;  ///< "amdgpu", made printable
  ChipKind kind = ChipKind::kOther;
  bool integrated = false;    ///< graphics inside a processor's package, which RAPL contains
  std::vector<Probe> probes;  ///< an antichain
  std::string not_added;      ///< inputs that overlap these; may be empty
};

/// Reads `<root>/sys/class/hwmon`; chips without energy or power inputs are left out.
/// Errors: kUnsupported when the folder cannot be listed or holds more than any machine has.
[[nodiscard]] std::vector<HwmonChip> scan_hwmon(const std::filesystem::path& root);

struct HwmonOptions {
  std::filesystem::path root = "/";
  /// Driver name or id of the chips to read.  Empty: graphics, or the only chip there is.
  std::string chip;
  ClockFn clock = monotonic_now;
};

/// Formula:       energy inputs: E = counter now − counter before, measured; power inputs
///                integrated over time, derived.  Of one chip either energy or power is read:
///                sockets (Esocket…), a card rather than its package, else its first input.
///                Deviation that of ProbeMeter; a sensor's own is taken as 5 %.
/// Units:         J; energyN_input in µJ, powerN_input and powerN_average in µW.
/// Resolution:    1 µJ, 1 µW; of the chip unknown.
/// Update period: taken as 10 ms (energy) and 1 s (power: most are averages).
/// Wraps at:      64 bits: never.
/// Needs:         read permission on the inputs (usual for power; energy may be for root only).
/// Errors:        kUnsupported when there is no such chip, or several whose overlap is not known
///                (the message names them); kPermission when one may not be read.
/// Threads:       one at a time.
/// Source:        Linux, Documentation/hwmon/sysfs-interface.rst, amdgpu, amd_energy,
///                acpi_power_meter, and Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon.
[[nodiscard]] std::unique_ptr<Meter> open_hwmon(const HwmonOptions& options);

}  // namespace frugal::meter
