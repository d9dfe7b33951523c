#include "frugal/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::train {

namespace {
void check(bool holds, const char* expected) {
  if (!holds) throw Error(ErrorKind::kInvalidArgument, str("schedule: expected {}", expected));
}
}  // namespace

Schedule::Schedule(const ScheduleOptions& options) : options_(options) {
  const bool ends = options.decay == Decay::kLinear || options.decay == Decay::kCosine;
  check(!ends || options.steps > options.warmup + options.hold,
        "more steps than warmup and hold have");
  check(options.floor >= 0.0 && options.floor <= 1.0, "a floor of 0 to 1");
  check(options.shrink > 0.0 && options.shrink < 1.0, "a shrink above 0 and below 1");
  check(options.threshold >= 0.0 && options.threshold < 1.0, "a threshold from 0 to below 1");
}

double Schedule::factor(std::uint64_t step) const {
  if (step < options_.warmup) {
    const double warm = static_cast<double>(step + 1) / static_cast<double>(options_.warmup);
    return warm * state_.factor;  // other than 1 only on a plateau
  }
  if (options_.decay == Decay::kConstant) return 1.0;
  if (options_.decay == Decay::kPlateau) return state_.factor;
  const std::uint64_t begin = options_.warmup + options_.hold;
  if (step <= begin) return 1.0;
  const auto span = static_cast<double>(options_.steps - begin);
  const double t = std::min(1.0, static_cast<double>(step - begin) / span);
  const double left =
      options_.decay == Decay::kLinear ? 1.0 - t : 0.5 * (1.0 + std::cos(std::numbers::pi * t));
  return options_.floor + ((1.0 - options_.floor) * left);
}

void Schedule::observe(double loss) {
  if (options_.decay != Decay::kPlateau) return;
  // A share of |best|, so that losses below zero improve downwards as well.
  const double margin =
      std::isfinite(state_.best) ? std::abs(state_.best) * options_.threshold : 0.0;
  if (loss < state_.best - margin) {
    state_.best = loss;
    state_.waited = 0;
    return;
  }
  if (++state_.waited <= options_.patience) return;
  state_.factor = std::max(options_.floor, state_.factor * options_.shrink);
  state_.waited = 0;
}

}  // namespace frugal::train
