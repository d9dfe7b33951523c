#include "frugal/meter/counter_trace.h"

#include <algorithm>
#include <cmath>
#include <limits>

// A RAPL counter is a 32-bit register that goes around every few minutes to hours.  Three things
// look alike from outside: a value below the last one may be a wrap, a counter that was set back
// (suspend, firmware, a migrated machine), or a failed read that somebody replaced by zero.  Taking
// the second or third for the first invents a quarter of a megajoule.  Hence:
//
//   * A failed read is no value.  It changes nothing; the next good value is compared with the last
//     good one, because the counter went on counting meanwhile.
//   * A step is the difference modulo the counter's range.  It counts only when its mean power is
//     below what the domain can draw, plus a slack for a reader that was held up between looking at
//     the clock and at the counter.  Anything else is a reset: energy before it is kept, the step
//     is dropped and its time is reported as lost.  The same rule catches jumps forward.
//   * The difference is unique only if the counter cannot have gone around in between.  Later than
//     that, at the power it can draw, the number of wraps is a guess, so the step is dropped as
//     well.  Meters ask to be sampled at half that time.
//
// So every microjoule reported was seen, and time without knowledge is named instead of filled in.

namespace frugal::meter {

namespace {

constexpr double kRegisterMax = 4294967295.0;               // 2^32 - 1
constexpr std::uint64_t kLeastModulus = 65'536'000'000ULL;  // 2^32 counts of 2^-16 J
constexpr Seconds kReaderDelay{0.1};                        // between the clock and the counter

}  // namespace

std::uint64_t counter_modulus(std::uint64_t max_energy_range_uj) {
  const double unit = static_cast<double>(max_energy_range_uj) / kRegisterMax;
  return max_energy_range_uj + static_cast<std::uint64_t>(std::llround(unit));
}

Seconds CounterLimits::wrap_time() const {
  if (endless) return Seconds(std::numeric_limits<double>::infinity());
  const auto modulus = static_cast<double>(modulus_uj.value_or(kLeastModulus));
  return Seconds(1e-6 * modulus / max_power.value());
}

Joules CounterLimits::quantum() const {
  if (count > Joules(0.0)) return count;
  const auto modulus = static_cast<double>(modulus_uj.value_or(kLeastModulus));
  return Joules(1e-6 * std::max(1.0, modulus / (kRegisterMax + 1.0)));
}

CounterSummary between(const CounterSummary& earlier, const CounterSummary& later) {
  const Seconds none(0.0);
  return {.energy_uj = later.energy_uj - earlier.energy_uj,
          .bridged_uj = later.bridged_uj - earlier.bridged_uj,
          .covered = std::max(later.covered - earlier.covered, none),
          .lost = std::max(later.lost - earlier.lost, none),
          .overlap = std::max(earlier.lost - later.lost, none),
          .values = later.values - earlier.values,
          .failures = later.failures - earlier.failures,
          .resets = later.resets - earlier.resets,
          .late = later.late - earlier.late,
          .shape_variance_j2 = later.shape_variance_j2 - earlier.shape_variance_j2};
}

void CounterTrace::begin(Seconds now, std::optional<std::uint64_t> value_uj) {
  sum_ = {};
  mark_ = now;
  last_ = value_uj;
  failed_since_ = !value_uj.has_value();
  ++(value_uj ? sum_.values : sum_.failures);
}

std::optional<std::uint64_t> CounterTrace::plausible_step(std::uint64_t from, std::uint64_t to,
                                                          Seconds gap) const {
  std::uint64_t step = to - from;  // only used when it did not fall
  if (to < from) {
    if (!limits_.modulus_uj || from >= *limits_.modulus_uj) return std::nullopt;
    step = to + (*limits_.modulus_uj - from);
  }
  const Joules most = limits_.max_power * (gap + kReaderDelay);
  if (1e-6 * static_cast<double>(step) > most.value()) return std::nullopt;
  return step;
}

SampleKind CounterTrace::add(Seconds now, std::optional<std::uint64_t> value_uj) {
  if (!value_uj) {
    ++sum_.failures;
    failed_since_ = true;
    return SampleKind::kUnavailable;
  }
  ++sum_.values;
  const Seconds gap = std::max(now - mark_, Seconds(0.0));
  const std::optional<std::uint64_t> before = last_;
  const bool bridges = failed_since_;
  mark_ = std::max(mark_, now);
  last_ = value_uj;
  failed_since_ = false;
  if (!before) {  // every read since `begin` had failed
    sum_.lost += gap;
    return SampleKind::kValue;
  }
  if (gap >= limits_.wrap_time()) {
    sum_.lost += gap;
    ++sum_.late;
    return SampleKind::kLate;
  }
  const std::optional<std::uint64_t> step = plausible_step(*before, *value_uj, gap);
  if (!step) {
    sum_.lost += gap;
    ++sum_.resets;
    return SampleKind::kReset;
  }
  sum_.energy_uj += *step;
  if (bridges) sum_.bridged_uj += *step;
  sum_.covered += gap;
  return SampleKind::kValue;
}

CounterSummary CounterTrace::summary(Seconds now) const {
  CounterSummary result = sum_;
  result.lost += std::max(now - mark_, Seconds(0.0));
  return result;
}

}  // namespace frugal::meter
