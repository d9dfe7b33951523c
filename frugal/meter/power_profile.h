#pragma once

/// Power over time, from readings of spans that follow each other.

#include <optional>
#include <string>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

/// The highest mean power of a stretch that is long enough to be told from its uncertainty.
struct PeakPower {
  Watts power;
  Seconds window;  ///< length of the stretch
};

/// Adds up laps of one run, domain by domain.
///
/// Numbers: a peak is taken over as many laps in a row as it takes for their joint energy to be
///          four times the largest deviation among them (a window's deviation is that of its ends,
///          not of its length).  A lap without known energy ends a stretch and is no part of it.
/// Threads: one at a time.
class PowerProfile {
 public:
  void add(const std::vector<Reading>& lap);

  /// Nothing where no stretch of the domain was long enough.
  [[nodiscard]] std::optional<PeakPower> peak(const std::string& domain) const;

 private:
  struct Stretch {
    std::string domain;
    Joules energy;
    Joules deviation;
    Seconds time;
    std::optional<PeakPower> peak;
  };
  std::vector<Stretch> stretches_;
};

/// First line of a series: "time_s,domain,boundary,quality,energy_j,energy_j_std,power_w,note".
[[nodiscard]] std::string series_header();
/// A line a reading, for the lap that ended `at` seconds after the start.  Energy and power are
/// empty where they are not known; notes are quoted as RFC 4180 says.
[[nodiscard]] std::string series_lines(Seconds at, const std::vector<Reading>& lap);

}  // namespace frugal::meter
