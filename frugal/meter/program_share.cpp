#include "frugal/meter/program_share.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

constexpr double kUniform = 3.4641016151377544;  // sqrt(12)

bool is_split_by_cpu_time(const Reading& reading) {
  constexpr std::array<std::string_view, 5> kForms = {"package", "dram", "psys", "cpu",
                                                      "amd_energy"};
  if (reading.boundary != Boundary::kDevice) return true;  // the whole machine
  return std::any_of(kForms.begin(), kForms.end(),
                     [&](std::string_view form) { return reading.domain.starts_with(form); });
}

Reading unknown(Seconds time, std::string note) {
  return {.domain = "program",
          .boundary = Boundary::kDevice,
          .quality = Quality::kUnavailable,
          .energy = Joules(0.0),
          .uncertainty = Joules(0.0),
          .time = time,
          .note = std::move(note)};
}

}  // namespace

Reading program_reading(const std::vector<Reading>& readings, const CpuUse& use) {
  std::vector<Reading> split;
  std::string others;
  for (const Reading& reading : readings) {
    if (is_split_by_cpu_time(reading)) {
      split.push_back(reading);
    } else {
      others += str("{}{}", others.empty() ? "" : ", ", reading.domain);
    }
  }
  if (split.empty()) return unknown(use.time, "no domain here is split by CPU time");
  if (!use.program || !use.machine || !(use.time > Seconds(0.0))) {
    return unknown(use.time, "the CPU time of the program or of the machine is not known");
  }
  Reading whole = total(split);
  if (whole.quality == Quality::kUnavailable) return unknown(use.time, whole.note);
  const Seconds capacity = static_cast<double>(std::max<std::size_t>(use.cpus, 1)) * use.time;
  const double low = std::clamp(*use.program / capacity, 0.0, 1.0);
  const Seconds busy = std::max({*use.machine, *use.program, Seconds(1e-9)});
  const double high = std::max(low, std::min(*use.program / busy, 1.0));
  const double share = 0.5 * (low + high);
  const double energy_j = whole.energy.value();
  const double own_j = share * whole.uncertainty.value();
  const double range_j = (high - low) * energy_j / kUniform;
  Reading program = whole;
  program.domain = "program";
  program.quality = std::max(Quality::kDerived, whole.quality);
  program.energy = Joules(share * energy_j);
  program.uncertainty = Joules(std::sqrt((own_j * own_j) + (range_j * range_j)));
  program.note = str("{:.3g} to {:.3g} % of {}", 100.0 * low, 100.0 * high, whole.domain);
  if (!others.empty()) program.note += str("; {} not split", others);
  return program;
}

}  // namespace frugal::meter
