#pragma once

/// The kernel's `power` unit as sysfs describes it.  Private to `meter`.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::meter {

/// One of its events, on one CPU.
struct PowerEvent {
  std::string domain;  ///< "package-0", "dram-1", "psys"; unique
  std::string name;    ///< "energy-pkg"
  std::uint32_t type = 0;
  std::uint64_t config = 0;
  int cpu = 0;
  double joules_per_count = 0.0;
};

struct PowerUnit {
  std::vector<PowerEvent> counted;       ///< an antichain: packages and DRAM, else psys
  std::vector<std::string> not_counted;  ///< names of events that overlap these
};

/// Reads `<root>/sys/bus/event_source/devices/power`.
/// Errors: kUnsupported with the file and what was expected in it.
/// Source: Linux, Documentation/ABI/testing/sysfs-bus-event_source-devices-events.
[[nodiscard]] PowerUnit scan_power_unit(const std::filesystem::path& root);

/// "0,18" or "0-2,8" -> CPU numbers; empty when it is not such a list, or of more than 256.
[[nodiscard]] std::vector<int> parse_cpu_list(std::string_view text);

}  // namespace frugal::meter
