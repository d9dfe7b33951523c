#include "frugal/account/receipt.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "frugal/base/error.h"

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

double seconds(Seconds time) {
  return std::isfinite(time.value()) ? std::max(time.value(), 0.0) : 0.0;
}

double busy_seconds(const Work& work, Phase phase) {
  return phase == Phase::kIdle ? 0.0 : seconds(work[phase].time);
}

double busy_seconds(const Work& work) {
  double busy_s = 0.0;
  for (const Phase phase : kAllPhases) busy_s += busy_seconds(work, phase);
  return busy_s;
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

// Deals one span's energy out by seconds.
class Divider {
 public:
  Divider(const meter::Reading& total, double busy_s)
      : energy_j_(total.energy.value()),
        uncertainty_(total.uncertainty),
        span_s_(std::max(total.time.value(), busy_s)),
        place_j_(last_place(energy_j_)),
        left_j_(energy_j_) {}

  /// Of so many seconds, whoever else has them too.
  [[nodiscard]] Share of(double time_s) const {
    const double share = span_s_ > 0.0 ? time_s / span_s_ : 0.0;
    const double rounded_j = std::floor(energy_j_ * share / place_j_) * place_j_;
    return {.energy = Joules(rounded_j), .uncertainty = share * uncertainty_};
  }
  /// The same, of what is still there.
  Share take(double time_s) {
    Share part = of(time_s);
    part.energy = Joules(std::min(part.energy.value(), left_j_));
    left_j_ -= part.energy.value();
    left_share_ -= span_s_ > 0.0 ? time_s / span_s_ : 0.0;
    return part;
  }
  /// All that is still there.
  [[nodiscard]] Share rest() const {
    return {.energy = Joules(left_j_), .uncertainty = std::max(left_share_, 0.0) * uncertainty_};
  }

 private:
  double energy_j_;
  Joules uncertainty_;
  double span_s_;
  double place_j_;
  double left_j_;
  double left_share_ = 1.0;
};

// The law of this module, at run time: the parts are the meter's total, to the last bit.
void check_sum(std::span<const Share> parts, const Share& rest, const meter::Reading& total) {
  Joules sum = rest.energy;
  for (const Share& part : parts) sum += part.energy;
  FRUGAL_CHECK(sum == total.energy);
}

// What is contained in the phases.
void add_parts(Receipt& receipt, const Divider& divider) {
  const PhaseWork all = receipt.work.total();
  receipt.rejected = divider.of(seconds(all.rejected_time));
  receipt.recomputed = divider.of(seconds(all.recomputed_time));
  for (const Seconds time : receipt.work.layers()) {
    receipt.layers.push_back(divider.of(seconds(time)));
  }
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
  Receipt receipt{.total = whole(readings), .work = work};
  if (!is_known(receipt.total)) return receipt;
  Divider divider(receipt.total, busy_seconds(work));
  for (const Phase phase : kAllPhases) {
    Share& part = receipt.phases[static_cast<std::size_t>(phase)];
    part = phase == Phase::kIdle ? divider.rest() : divider.take(busy_seconds(work, phase));
  }
  add_parts(receipt, divider);
  check_sum(receipt.phases, {}, receipt.total);
  return receipt;
}

Bill share_out(const std::vector<meter::Reading>& readings, std::span<const Work> requests) {
  Bill bill{.receipts = {}, .idle = {}, .total = whole(readings)};
  double busy_s = 0.0;
  for (const Work& work : requests) busy_s += busy_seconds(work);
  std::optional<Divider> divider;
  if (is_known(bill.total)) divider.emplace(bill.total, busy_s);
  for (const Work& work : requests) {
    Receipt receipt{.total = bill.total, .work = work};
    if (divider) {
      receipt.total.energy = receipt.total.uncertainty = Joules(0.0);
      for (const Phase phase : kAllPhases) {
        Share& part = receipt.phases[static_cast<std::size_t>(phase)];
        part = divider->take(busy_seconds(work, phase));
        receipt.total.energy += part.energy;
        receipt.total.uncertainty += part.uncertainty;  // one scale: their errors go together
      }
      add_parts(receipt, *divider);
    }
    bill.receipts.push_back(std::move(receipt));
  }
  if (!divider) return bill;
  bill.idle = divider->rest();
  std::vector<Share> totals;
  for (const Receipt& receipt : bill.receipts) {
    totals.push_back({receipt.total.energy, receipt.total.uncertainty});
  }
  check_sum(totals, bill.idle, bill.total);
  return bill;
}

}  // namespace frugal::account
