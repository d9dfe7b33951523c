#pragma once

/// Which RAPL zones a machine has, and which of them may be added.  Private to `meter`.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/meter/counter_trace.h"

namespace frugal::meter {

/// What a zone's `name` says it measures.
enum class ZoneKind {
  kPackage,  ///< a processor; contains its core and uncore
  kDram,     ///< memory: outside the package, wherever in the tree it stands
  kCore,     ///< inside the package
  kUncore,   ///< inside the package
  kPsys,     ///< the platform: contains packages and memory
  kOther,
};

/// "package-0", "package-0-die-1", "dram", "core", "uncore", "psys", "psys-1".
[[nodiscard]] ZoneKind zone_kind(std::string_view name);

struct Zone {
  std::string id;      ///< "intel-rapl:0:1"
  std::string name;    ///< made printable; empty when it could not be read
  std::string domain;  ///< name in readings: "package-0", "dram-0"; unique
  ZoneKind kind = ZoneKind::kOther;
  std::filesystem::path folder;
  std::optional<std::size_t> parent;  ///< index of the zone it stands in
  bool disabled = false;              ///< `enabled` is 0: its power limit is off
  CounterLimits limits;
};

struct PowercapTree {
  std::vector<Zone> zones;           ///< by number, parents before children
  std::vector<std::size_t> counted;  ///< an antichain: packages and DRAM, else one psys
};

/// Reads `<root>/sys/class/powercap`.  Uses the `intel-rapl` zones (AMD's have that name too) and
/// `intel-rapl-mmio`, a second view of the same packages, only where there are no others.
///
/// Units:  limits from `max_energy_range_uj` and the largest `constraint_*_power_limit_uw` of an
///         enabled zone, times 1.5, between 50 W and 1.5 kW; 1.5 kW without one.
/// Errors: kUnsupported or kPermission, with what is missing and how to get it.
/// Source: Linux, Documentation/power/powercap/powercap.rst.
[[nodiscard]] PowercapTree scan_powercap(const std::filesystem::path& root);

}  // namespace frugal::meter
