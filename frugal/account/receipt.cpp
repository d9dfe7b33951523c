#include "frugal/account/receipt.h"

#include <algorithm>
#include <cmath>
#include <limits>

// Phases share the energy by their busy seconds and idle takes what is left, so that the parts are
// the whole by construction.  In floating point a remainder alone does not do that: E − Σ and then
// Σ + (E − Σ) may differ from E in the last bit.  Each busy share is therefore cut down to a whole
// number of E's own last places; sums and differences of such numbers up to E are exact in any
// order, and the cut, at most one part in 2^52 of E a phase, goes to idle.

namespace frugal::account {

namespace {

/// Value of the last bit of `number`.
double last_place(double number) {
  constexpr int kMantissaBits = 52;
  const double place = number > 0.0 ? std::ldexp(1.0, std::ilogb(number) - kMantissaBits) : 0.0;
  return std::max(place, std::numeric_limits<double>::denorm_min());
}

double busy_seconds(const Work& work, Phase phase) {
  const double time_s = work[phase].time.value();
  return phase != Phase::kIdle && std::isfinite(time_s) ? std::max(time_s, 0.0) : 0.0;
}

bool is_known(const meter::Reading& reading) {
  return reading.quality != meter::Quality::kUnavailable;
}

std::optional<double> ratio(const meter::Reading& total, Joules energy, std::uint64_t tokens) {
  if (!is_known(total) || tokens == 0 || energy <= Joules(0.0)) return std::nullopt;
  return energy.value() / static_cast<double>(tokens);
}

meter::Reading whole(const std::vector<meter::Reading>& readings) {
  meter::Reading none;
  none.note = "no readings";
  if (readings.empty()) return none;
  meter::Reading total = meter::total(readings);
  if (is_known(total) && !(total.energy >= Joules(0.0) && std::isfinite(total.energy.value()))) {
    total.quality = meter::Quality::kUnavailable;
    total.note = "the energy is not a positive number";
  }
  return total;
}

}  // namespace

std::optional<double> Receipt::joules_per_prompt_token() const {
  return ratio(total, (*this)[Phase::kPrefill].energy, work[Phase::kPrefill].prompt_tokens);
}

std::optional<double> Receipt::joules_per_decoded_token() const {
  return ratio(total, (*this)[Phase::kDecode].energy, work[Phase::kDecode].output_tokens);
}

std::optional<double> Receipt::joules_per_output_token() const {
  return ratio(total, total.energy, work.total().output_tokens);
}

Receipt attribute(const std::vector<meter::Reading>& readings, const Work& work) {
  Receipt receipt{.total = whole(readings), .phases = {}, .work = work};
  if (!is_known(receipt.total)) return receipt;

  double busy_s = 0.0;
  for (const Phase phase : kAllPhases) busy_s += busy_seconds(work, phase);
  const double span_s = std::max(receipt.total.time.value(), busy_s);
  const double energy_j = receipt.total.energy.value();
  const double place_j = last_place(energy_j);

  double left_j = energy_j;
  double left_share = 1.0;
  for (const Phase phase : kAllPhases) {
    PhaseEnergy& part = receipt.phases[static_cast<std::size_t>(phase)];
    const bool idle = phase == Phase::kIdle;  // last in kAllPhases
    const double busy_share = span_s > 0.0 ? busy_seconds(work, phase) / span_s : 0.0;
    const double share = idle ? std::max(left_share, 0.0) : busy_share;
    const double rounded_j = std::floor(energy_j * share / place_j) * place_j;
    const double part_j = idle ? left_j : std::min(rounded_j, left_j);
    part.energy = Joules(part_j);
    part.uncertainty = share * receipt.total.uncertainty;
    left_j -= part_j;
    left_share -= share;
  }
  return receipt;
}

}  // namespace frugal::account
