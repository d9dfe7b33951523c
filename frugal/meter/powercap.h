#pragma once

/// RAPL energy counters through the powercap file tree.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/clock.h"
#include "frugal/meter/counter_trace.h"
#include "frugal/meter/meter.h"
#include "frugal/meter/powercap_tree.h"

namespace frugal::meter {

/// Sums packages and DRAM (or psys, where there is no package) from
/// `<root>/sys/class/powercap/intel-rapl:*`; core and uncore are inside a package and never added.
///
/// Formula:       E = Σ (counter now − counter before) mod (max_energy_range_uj + 1 count); the
///                standard deviation joins, in quadrature, one count at each end, one update
///                period of the mean power at each end, 1 % of energy across failed samples, and
///                the mean power over time of which nothing is known.
/// Units:         J; counters in µJ.
/// Resolution:    one count, 61 µJ (Intel packages) or 15 µJ (AMD, DRAM of older Intel servers).
/// Update period: about 1 ms.
/// Wraps at:      262 kJ or 65.5 kJ; sample twice per wrap at the power limit (Span does).
/// Needs:         read permission on `energy_uj`: root only since Linux 5.10 (CVE-2020-8694).
/// Numbers:       powercap truncates the unit to nJ, so readings are up to 2.6 ppm low.
/// Notes:         a reading says what widened it: failed samples, resets, mirrored dies.  More than
///                half of the span unknown, or a package that stood still for a second:
///                unavailable. DRAM that stood still is not fitted and is left out.
/// Threads:       one at a time.
/// Source:        Intel SDM vol. 3B, 15.10; Linux, Documentation/power/powercap/powercap.rst.
class PowercapMeter final : public Meter {
 public:
  /// Errors: kUnsupported when there are no counters; kPermission, with the command that gives it,
  ///         when they may not be read.
  explicit PowercapMeter(const std::filesystem::path& root, ClockFn clock = monotonic_now);

  [[nodiscard]] std::string_view name() const override { return "rapl"; }
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] std::optional<Seconds> max_sample_period() const override;

  void start() override;
  void sample() override;
  [[nodiscard]] std::vector<Reading> stop() override;

 private:
  /// A counted zone.
  struct Domain {
    std::size_t zone = 0;
    std::filesystem::path counter;
    CounterTrace trace;
    std::optional<std::uint64_t> first;  ///< first and latest good value
    std::optional<std::uint64_t> latest;
    bool moved = false;
    std::string problem;  ///< of the last failed read
  };
  /// Two domains whose counters have never differed.
  struct Twins {
    std::size_t first = 0;
    std::size_t second = 0;
    std::uint64_t agreements = 0;
  };

  void open_domains();
  std::optional<std::uint64_t> read(Domain& domain);
  /// Reads every counter; returns the time just before.
  Seconds read_all(bool begin);
  void list_twins();
  [[nodiscard]] bool agree(Twins& twins);
  [[nodiscard]] std::vector<std::optional<std::size_t>> mirrored() const;
  [[nodiscard]] Reading reading(const Domain& domain, Seconds now) const;
  [[nodiscard]] const Zone& zone_of(const Domain& domain) const { return tree_.zones[domain.zone]; }

  std::filesystem::path root_;
  ClockFn clock_;
  PowercapTree tree_;
  std::vector<Domain> domains_;
  std::vector<std::string> left_out_;  ///< counted zones that cannot be read, and why
  std::vector<Twins> twins_;
  Seconds started_;
  bool running_ = false;
};

}  // namespace frugal::meter
