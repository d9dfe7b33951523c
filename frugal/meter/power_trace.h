#pragma once

/// The samples of one power sensor, integrated.  Private to `meter`; no files, no clock.

#include <cstdint>
#include <optional>

#include "frugal/base/units.h"
#include "frugal/meter/counter_trace.h"

namespace frugal::meter {

/// E = Σ (p[i−1] + p[i]) / 2 · (t[i] − t[i−1]): a straight line between samples, variance
/// Σ ((p[i] − p[i−1]) · (t[i] − t[i−1]))² / 12 for not knowing what lay on either side of it.
///
/// Units:   power in µW, energy in µJ, time in s.
/// Numbers: the energy never falls; what is reported is its whole number of µJ.
/// Errors:  none; a gap longer than `max_gap` is lost time, not a line across it, and a clock that
///          steps back counts as one that stands still.
/// Threads: one at a time.
class PowerTrace {
 public:
  explicit PowerTrace(Seconds max_gap) : max_gap_(max_gap) {}

  /// Forgets everything and starts at `now` with a first sample.
  void begin(Seconds now, std::optional<std::uint64_t> value_uw);
  /// The next sample; an absent value is a failed read.
  void add(Seconds now, std::optional<std::uint64_t> value_uw);
  /// Everything up to `now`; time after the last value is lost.
  [[nodiscard]] CounterSummary summary(Seconds now) const;

 private:
  Seconds max_gap_;
  CounterSummary sum_;  ///< without energy_uj and bridged_uj
  double energy_uj_ = 0.0;
  double bridged_uj_ = 0.0;
  Seconds mark_;                       ///< of the last value, or of `begin` where there was none
  std::optional<std::uint64_t> last_;  ///< the last value
  bool failed_since_ = false;          ///< a sample failed after `mark_`
};

}  // namespace frugal::meter
