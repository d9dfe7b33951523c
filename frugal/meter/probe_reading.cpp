#include "frugal/meter/probe_reading.h"

#include <algorithm>
#include <cmath>

#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

constexpr double kShortSpanPeriods = 5.0;
constexpr double kStandstillPeriods = 10.0;
constexpr Seconds kStandstill{1.0};  // nothing counted here draws less than one count in this time
constexpr double kCounterBridgeDoubt = 0.01;     // a reset may hide behind a failed sample
constexpr double kSensorBridgeDoubt = 0.2;       // nobody saw the power then
constexpr double kUniform = 3.4641016151377544;  // sqrt(12): width over standard deviation

bool is_short(const Probe& probe, Seconds covered) {
  return covered.value() < kShortSpanPeriods * probe.update_period.value();
}

Joules deviation(const Probe& probe, const CounterSummary& sum) {
  const double covered_s = sum.covered.value();
  const double energy_j = sum.energy().value();
  double power_w = covered_s > 0.0 ? energy_j / covered_s : 0.0;
  const double loss_j = power_w * (sum.lost + sum.overlap).value();
  if (is_short(probe, sum.covered)) {
    power_w =
        std::min(std::max(power_w, probe.likely_power.value()), probe.limits.max_power.value());
  }
  const bool counter = probe.kind == ProbeKind::kEnergy;
  const double count_j = counter ? probe.limits.quantum().value() / kUniform : 0.0;
  const double edge_j = power_w * probe.update_period.value();
  const double doubt = counter ? kCounterBridgeDoubt : kSensorBridgeDoubt;
  const double bridge_j = doubt * 1e-6 * static_cast<double>(sum.bridged_uj);
  const double device_j = probe.relative_std * energy_j;
  return Joules(std::sqrt((2.0 * count_j * count_j) + (2.0 * edge_j * edge_j) +
                          (bridge_j * bridge_j) + (loss_j * loss_j) + (device_j * device_j) +
                          std::max(sum.shape_variance_j2, 0.0)));
}

std::string span_note(const Probe& probe, const ProbeSpan& span) {
  const CounterSummary& sum = span.sum;
  std::string note = probe.note;
  if (sum.failures > 0) {
    append_note(note, str("{} of {} samples failed: {}", sum.failures, sum.failures + sum.values,
                          span.problem));
  }
  if (sum.resets > 0) append_note(note, str("the counter was reset {} time(s)", sum.resets));
  if (sum.late > 0 && probe.kind == ProbeKind::kEnergy) {
    append_note(note, str("{} sample(s) came later than the {:.0f} s in which the counter can wrap",
                          sum.late, probe.limits.wrap_time().value()));
  }
  if (sum.overlap > Seconds(0.0)) {
    append_note(
        note, str("begins at a failed sample: up to {:.3g} s more are in it", sum.overlap.value()));
  }
  if (sum.lost > Seconds(0.0)) {
    append_note(note, str("{:.3g} s without known energy", sum.lost.value()));
  }
  if (is_short(probe, span.time)) {
    append_note(note, str("{:.3g} ms is too short for a device that updates every {:.3g} ms",
                          1e3 * span.time.value(), 1e3 * probe.update_period.value()));
  }
  return note;
}

}  // namespace

void append_note(std::string& note, const std::string& more) {
  if (!note.empty()) note += "; ";
  note += more;
}

bool stood_still(const Probe& probe, const CounterSummary& sum) {
  const Seconds enough = std::max(kStandstill, kStandstillPeriods * probe.update_period);
  const bool moved = sum.energy_uj > 0 || sum.resets > 0 || sum.late > 0;
  return probe.kind == ProbeKind::kEnergy && !moved && sum.covered >= enough;
}

Reading probe_reading(const Probe& probe, const ProbeSpan& span) {
  const CounterSummary& sum = span.sum;
  Reading result{
      .domain = probe.domain,
      .boundary = probe.boundary,
      .quality = probe.kind == ProbeKind::kEnergy ? Quality::kMeasured : Quality::kDerived,
      .energy = sum.energy(),
      .uncertainty = deviation(probe, sum),
      .time = std::max(span.time, Seconds(0.0)),
      .note = span_note(probe, span)};
  if (span.still) {
    append_note(result.note, str("the counter stood still for {:.3g} s{}", sum.covered.value(),
                                 probe.standstill_note));
  }
  const bool unknown = sum.values < 2 || sum.lost > sum.covered;
  if (span.still || unknown) {
    result.quality = Quality::kUnavailable;
    result.energy = Joules(0.0);
    result.uncertainty = Joules(0.0);
  }
  return result;
}

}  // namespace frugal::meter
