#pragma once

/// Readings as Prometheus text.

#include <string>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

/// What a scrape shows.
struct Scrape {
  std::vector<Reading> since_start;
  std::vector<Reading> lap;  ///< of the last interval: power now
  Seconds time;              ///< since the start
  Seconds own_cpu_time;      ///< what metering itself has cost
  std::string version;
};

/// frugal_energy_joules_total{domain,boundary,quality} and the rest, in base units.  A domain whose
/// energy is not known is left out, never 0.
/// Source: Prometheus, text-based format 0.0.4, and its naming practices.
[[nodiscard]] std::string prometheus_text(const Scrape& scrape);

}  // namespace frugal::meter
