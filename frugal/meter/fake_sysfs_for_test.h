#pragma once

/// A powercap tree in a temporary folder, and a clock that a test moves.  For tests only.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "tests/support/temp_folder.h"

namespace frugal::meter {

/// Range of an Intel package counter, 61 µJ a count.
inline constexpr std::uint64_t kPackageRangeUj = 262'143'328'850;
inline constexpr std::uint64_t kPackageModulusUj = 262'143'328'911;

/// `root()` holds `sys/class/powercap`; it is gone with the object.
class FakeSysfs {
 public:
  FakeSysfs() { std::filesystem::create_directories(powercap()); }

  [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path powercap() const {
    return folder_ / "sys" / "class" / "powercap";
  }
  /// "intel-rapl:0:1" lies in "intel-rapl:0".
  [[nodiscard]] std::filesystem::path folder(std::string_view id) const {
    std::filesystem::path path = powercap();
    std::size_t colon = id.find(':');
    while (colon != std::string_view::npos) {
      colon = id.find(':', colon + 1);
      path /= id.substr(0, colon);
    }
    return path;
  }

  void write(const std::filesystem::path& file, std::string_view text) const {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  /// A zone as the kernel shows it.
  void zone(std::string_view id, std::string_view name, std::uint64_t energy_uj,
            std::uint64_t range_uj = kPackageRangeUj) const {
    write(folder(id) / "name", str("{}\n", name));
    write(folder(id) / "max_energy_range_uj", str("{}\n", range_uj));
    write(folder(id) / "enabled", "1\n");
    energy(id, energy_uj);
  }
  void energy(std::string_view id, std::uint64_t energy_uj) const {
    write(folder(id) / "energy_uj", str("{}\n", energy_uj));
  }
  /// The kernel's `power` unit for one package on CPU 0, with these events at 2^-32 J a count.
  void power_unit(const std::vector<std::string>& events, std::string_view cpus = "0") const {
    const std::filesystem::path unit = root() / "sys/bus/event_source/devices/power";
    write(unit / "type", "11\n");
    write(unit / "cpumask", str("{}\n", cpus));
    int config = 1;
    for (const std::string& event : events) {
      write(unit / "events" / event, str("event=0x{:02x}\n", ++config));
      write(unit / "events" / (event + ".unit"), "Joules\n");
      write(unit / "events" / (event + ".scale"), "2.3283064365386962890625e-10\n");
    }
  }
  /// Makes reads of the counter fail until the next `energy`.
  void hide_energy(std::string_view id) const { std::filesystem::remove(folder(id) / "energy_uj"); }

 private:
  test::TempFolder folder_;
};

/// A clock that stands still between `advance` calls.
class FakeClock {
 public:
  void advance(double seconds) { now_s_ += seconds; }
  /// Valid as long as this object.
  [[nodiscard]] ClockFn function() {
    return [this] { return Seconds(now_s_); };
  }

 private:
  double now_s_ = 100.0;
};

}  // namespace frugal::meter
