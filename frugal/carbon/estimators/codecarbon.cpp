#include "frugal/carbon/estimators/codecarbon.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "frugal/base/error.h"

namespace frugal::carbon::estimators {

namespace {

// Module k of a machine, counted from 1.
double weight(std::size_t module) {
  if (module <= 4) return 1.0;
  if (module <= 8) return 0.9;
  return module <= 16 ? 0.8 : 0.7;
}

}  // namespace

Watts codecarbon_cpu_by_load(Watts tdp, double load) {
  FRUGAL_CHECK(load >= 0.0 && load <= 1.0);
  return (0.1 + 0.9 * load * load * load) * tdp;
}

Watts codecarbon_cpu_of_process(Watts tdp, double busy_cpus, std::size_t cpus) {
  FRUGAL_CHECK(cpus > 0 && busy_cpus >= 0.0);
  return (busy_cpus / static_cast<double>(cpus)) * tdp;
}

Watts codecarbon_unknown_tdp(std::size_t threads) {
  constexpr double kWattsOfThread = 4.0;
  return Watts(kWattsOfThread * static_cast<double>(threads));
}

Watts codecarbon_constant(std::optional<Watts> tdp) {
  constexpr Watts kNothingKnown{85.0};
  return tdp ? 0.5 * *tdp : kNothingKnown;
}

std::size_t codecarbon_memory_modules(double gigabytes) {
  constexpr std::array<std::pair<double, std::size_t>, 4> kSmall = {
      {{2.0, 1}, {16.0, 2}, {64.0, 4}, {128.0, 8}}};
  for (const auto& [most, modules] : kSmall) {
    if (gigabytes <= most) return modules;
  }
  constexpr std::array<double, 6> kSizes = {128.0, 64.0, 32.0, 16.0, 8.0, 4.0};
  constexpr double kMostModules = 32.0;
  const auto* size = std::find_if(kSizes.begin(), kSizes.end(),
                                  [gigabytes](double s) { return s <= gigabytes / 8.0; });
  FRUGAL_CHECK(size != kSizes.end());  // above 128 GB there is always one
  return static_cast<std::size_t>(std::min(std::ceil(gigabytes / *size), kMostModules));
}

Watts codecarbon_memory(double gigabytes, MemoryKind kind) {
  const bool arm = kind == MemoryKind::kArm;
  const double each = arm ? 1.5 : 5.0;
  const double least = arm ? 3.0 : 10.0;
  double watts = 0.0;
  const std::size_t modules = codecarbon_memory_modules(gigabytes);
  for (std::size_t module = 1; module <= modules; ++module) watts += each * weight(module);
  return Watts(std::max(watts, least));
}

}  // namespace frugal::carbon::estimators
