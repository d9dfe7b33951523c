#include "frugal/meter/power_trace.h"

#include <algorithm>

namespace frugal::meter {

void PowerTrace::begin(Seconds now, std::optional<std::uint64_t> value_uw) {
  sum_ = {};
  energy_uj_ = 0.0;
  bridged_uj_ = 0.0;
  mark_ = now;
  last_ = value_uw;
  failed_since_ = !value_uw.has_value();
  ++(value_uw ? sum_.values : sum_.failures);
}

void PowerTrace::add(Seconds now, std::optional<std::uint64_t> value_uw) {
  if (!value_uw) {
    ++sum_.failures;
    failed_since_ = true;
    return;
  }
  ++sum_.values;
  const Seconds gap = std::max(now - mark_, Seconds(0.0));
  const std::optional<std::uint64_t> before = last_;
  const bool bridges = failed_since_;
  mark_ = std::max(mark_, now);
  last_ = value_uw;
  failed_since_ = false;
  if (!before || gap > max_gap_) {
    sum_.lost += gap;
    if (before) ++sum_.late;
    return;
  }
  constexpr double kMicro = 1e-6;
  constexpr double kLineVariance = 1.0 / 12.0;
  const auto from_uw = static_cast<double>(*before);
  const auto to_uw = static_cast<double>(*value_uw);
  const double step_uj = 0.5 * (from_uw + to_uw) * gap.value();
  const double turn_j = kMicro * (to_uw - from_uw) * gap.value();
  energy_uj_ += step_uj;
  if (bridges) bridged_uj_ += step_uj;
  sum_.shape_variance_j2 += kLineVariance * turn_j * turn_j;
  sum_.covered += gap;
}

CounterSummary PowerTrace::summary(Seconds now) const {
  CounterSummary result = sum_;
  result.energy_uj = static_cast<std::uint64_t>(energy_uj_);
  result.bridged_uj = static_cast<std::uint64_t>(bridged_uj_);
  result.lost += std::max(now - mark_, Seconds(0.0));
  return result;
}

}  // namespace frugal::meter
