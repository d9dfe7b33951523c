#pragma once

/// The samples of one energy counter, added up.  Private to `meter`; no files, no clock.

#include <cstdint>
#include <optional>

#include "frugal/base/units.h"

namespace frugal::meter {

/// What one sample turned out to be.
enum class SampleKind {
  kValue,        ///< counted, wraps included
  kUnavailable,  ///< not read: neither zero nor a wrap; a later value bridges it
  kReset,        ///< the counter jumped by more than any machine can draw: the step is lost
  kLate,         ///< so long after the last value that a wrap may have gone unseen: step lost
};

/// Number of microjoules after which a powercap counter starts again at 0.
///
/// Formula: modulus = range + round(range / (2^32 − 1)): the kernel publishes the largest value of
///          a 32-bit register times its unit, and the wrap comes one unit later.
/// Units:   µJ; 262143328850 gives 262143328911.
[[nodiscard]] std::uint64_t counter_modulus(std::uint64_t max_energy_range_uj);

/// What is known of a counter before it is read.
struct CounterLimits {
  std::optional<std::uint64_t> modulus_uj;  ///< nothing: then no step back is ever a wrap
  Watts max_power{1500.0};                  ///< more than the domain can draw
  bool endless = false;                     ///< 63 bits or more: does not wrap in a lifetime
  Joules count{0.0};                        ///< energy of one count; 0: what the modulus tells

  /// Shortest time in which the counter can go once around, at `max_power`.  Where the modulus is
  /// unknown, that of the smallest RAPL unit (2^-16 J, 65.5 kJ) is assumed; infinite for `endless`.
  [[nodiscard]] Seconds wrap_time() const;
  /// Energy of one count: `count`, else modulus / 2^32, at least 1 µJ.
  [[nodiscard]] Joules quantum() const;
};

/// A trace so far.  covered + lost = time since `begin`.
struct CounterSummary {
  std::uint64_t energy_uj = 0;   ///< of the covered time
  std::uint64_t bridged_uj = 0;  ///< the part of it that spans failed samples
  Seconds covered;               ///< time between counted values
  Seconds lost;                  ///< time of which no energy is known
  Seconds overlap;               ///< covered time from before the part that this is a summary of
  std::uint64_t values = 0;      ///< successful reads
  std::uint64_t failures = 0;
  std::uint64_t resets = 0;
  std::uint64_t late = 0;
  double shape_variance_j2 = 0.0;  ///< of what power did between its samples; 0 for counters

  [[nodiscard]] Joules energy() const { return Joules(1e-6 * static_cast<double>(energy_uj)); }
};

/// The part of a trace between two summaries of it.  A step that bridges the earlier one, because a
/// sample had failed there, belongs to the part that it ends in; how much of it came before is
/// `overlap`.
[[nodiscard]] CounterSummary between(const CounterSummary& earlier, const CounterSummary& later);

/// Sums the steps of a counter; see counter_trace.cpp for how a step is judged.
///
/// Numbers: integers throughout; the sum is exact and never falls.
/// Errors:  none; a clock that steps back counts as one that stands still.
/// Threads: one at a time.
class CounterTrace {
 public:
  explicit CounterTrace(CounterLimits limits) : limits_(limits) {}

  /// Forgets everything and starts at `now` with a first sample.
  void begin(Seconds now, std::optional<std::uint64_t> value_uj);
  /// The next sample; an absent value is a failed read.
  SampleKind add(Seconds now, std::optional<std::uint64_t> value_uj);
  /// Everything up to `now`; time after the last value is lost.
  [[nodiscard]] CounterSummary summary(Seconds now) const;
  [[nodiscard]] const CounterLimits& limits() const { return limits_; }

 private:
  /// The energy between two values, or nothing when no machine can have drawn it.
  [[nodiscard]] std::optional<std::uint64_t> plausible_step(std::uint64_t from, std::uint64_t to,
                                                            Seconds gap) const;

  CounterLimits limits_;
  CounterSummary sum_;
  Seconds mark_;                       ///< of the last value, or of `begin` where there was none
  std::optional<std::uint64_t> last_;  ///< the last value
  bool failed_since_ = false;          ///< a sample failed after `mark_`
};

}  // namespace frugal::meter
