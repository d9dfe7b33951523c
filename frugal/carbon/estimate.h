#pragma once

/// Quantities that say how far to trust them, and how doubts add up.

#include <algorithm>
#include <cmath>
#include <span>

#include "frugal/base/units.h"
#include "frugal/meter/meter.h"

namespace frugal::carbon {

using Litres = Quantity<struct LitreTag>;  ///< of fresh water consumed
using Money = Quantity<struct MoneyTag>;   ///< in the currency named beside it

inline constexpr double kJoulesPerKwh = 3.6e6;

/// What a quantity is multiplied by: grams per kilowatt-hour, a PUE.
struct Factor {
  double value = 0.0;
  double std = 0.0;  ///< one standard deviation
};

/// A value and its doubt in two parts, which add differently.
///
/// `own` belongs to this quantity alone, as the error of one reading does: over many quantities it
/// adds in quadrature.  `shared` comes from factors that all of them were multiplied by, as the
/// error of one g/kWh does: it adds linearly, for it is the same error each time.
template <class Unit>
struct Estimate {
  Unit value;
  Unit own;     ///< one standard deviation
  Unit shared;  ///< one standard deviation
  meter::Quality quality = meter::Quality::kUnavailable;

  [[nodiscard]] bool known() const { return quality != meter::Quality::kUnavailable; }
  /// sqrt(own² + shared²): the one figure that people are shown.
  [[nodiscard]] Unit std() const { return Unit(std::hypot(own.value(), shared.value())); }
};

/// A reading, with all its doubt its own.
[[nodiscard]] inline Estimate<Joules> estimate_of(const meter::Reading& reading) {
  if (reading.quality == meter::Quality::kUnavailable) return {};
  return {.value = reading.energy,
          .own = reading.uncertainty,
          .shared = Joules(0.0),
          .quality = reading.quality};
}

/// y = x · f / per, as when joules become grams by a factor per 3.6e6 J.
///
/// Formula: own = own · f / per; shared = sqrt((shared · f)² + (x · σ_f)²) / per: first order, the
///          factor independent of what x was made from.
/// Quality: that of x, and derived at best: what a counter did not count was not measured.
template <class To, class From>
[[nodiscard]] Estimate<To> scaled(const Estimate<From>& x, const Factor& f, double per = 1.0) {
  if (!x.known()) return {};
  return {.value = To(x.value.value() * f.value / per),
          .own = To(x.own.value() * f.value / per),
          .shared = To(std::hypot(x.shared.value() * f.value, x.value.value() * f.std) / per),
          .quality = std::max(x.quality, meter::Quality::kDerived)};
}

/// Σ of quantities that were multiplied by the same factors: own parts in quadrature, shared parts
/// linearly, the worst quality; unavailable when one of them is, and of none 0 J, exactly known.
template <class Unit>
[[nodiscard]] Estimate<Unit> sum(std::span<const Estimate<Unit>> parts) {
  Estimate<Unit> out;
  out.quality = meter::Quality::kMeasured;
  double own = 0.0;
  for (const Estimate<Unit>& part : parts) {
    if (!part.known()) return {};
    out.value += part.value;
    own = std::hypot(own, part.own.value());
    out.shared += part.shared;
    out.quality = std::max(out.quality, part.quality);
  }
  out.own = Unit(own);
  return out;
}

/// a + b whose factors have nothing to do with each other, as electricity and manufacture: both
/// parts in quadrature.  Unavailable when one of them is.
template <class Unit>
[[nodiscard]] Estimate<Unit> sum_independent(const Estimate<Unit>& a, const Estimate<Unit>& b) {
  if (!a.known() || !b.known()) return {};
  return {.value = a.value + b.value,
          .own = Unit(std::hypot(a.own.value(), b.own.value())),
          .shared = Unit(std::hypot(a.shared.value(), b.shared.value())),
          .quality = std::max(a.quality, b.quality)};
}

}  // namespace frugal::carbon
