#include "frugal/carbon/sci.h"

#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::carbon {

namespace {

void check_unit(const FunctionalUnit& unit) {
  if (std::isfinite(unit.count) && unit.count > 0.0) return;
  throw Error(ErrorKind::kInvalidArgument,
              str("SCI per {}: {} units, expected more than 0", unit.name, unit.count));
}

template <class Unit>
Estimate<Unit> per(const Estimate<Unit>& whole, double count) {
  if (!whole.known()) return {};
  const double inverse = 1.0 / count;
  return {.value = inverse * whole.value,
          .own = inverse * whole.own,
          .shared = inverse * whole.shared,
          .quality = whole.quality};
}

// Nothing stated: exactly nothing counted, which the score says.
Estimate<Grams> none() {
  return {.value = Grams(0.0),
          .own = Grams(0.0),
          .shared = Grams(0.0),
          .quality = meter::Quality::kMeasured};
}

Sci score_of(const Estimate<Grams>& operational, const std::optional<Estimate<Grams>>& embodied,
             const FunctionalUnit& unit) {
  const Estimate<Grams> made = embodied.value_or(none());
  return {.unit = unit,
          .operational = per(operational, unit.count),
          .embodied = per(made, unit.count),
          .embodied_stated = embodied.has_value(),
          .score = per(sum_independent(operational, made), unit.count)};
}

void put(Json& json, const std::string& key, const Estimate<Grams>& estimate) {
  if (!estimate.known()) return;
  json[key] = estimate.value.value();
  json[key + "_std"] = estimate.std().value();
}

}  // namespace

FunctionalUnit tokens(double count) {
  return {.name = "token", .count = count};
}

FunctionalUnit workflows(double count) {
  return {.name = "workflow", .count = count};
}

Sci sci(const Impact& impact, const FunctionalUnit& unit) {
  check_unit(unit);
  if (!impact.operational) {
    throw Error(ErrorKind::kInvalidArgument,
                str("SCI per {}: no grams per kWh, expected a zone or a factor", unit.name));
  }
  return score_of(*impact.operational, impact.embodied, unit);
}

SystemSci sci(std::span<const SciPart> parts, const Intensity& intensity,
              const FunctionalUnit& unit) {
  check_unit(unit);
  SystemSci out;
  std::vector<Estimate<Grams>> operational;
  std::vector<Estimate<Grams>> embodied;
  for (const SciPart& part : parts) {
    operational.push_back(scaled<Grams>(part.energy, intensity.g_per_kwh, kJoulesPerKwh));
    embodied.push_back(part.embodied);
    out.parts.push_back(score_of(operational.back(), part.embodied, unit));
  }
  out.whole = score_of(sum<Grams>(operational), sum<Grams>(embodied), unit);
  return out;
}

Json to_json(const Sci& score) {
  Json json = {{"unit", score.unit.name},
               {"units", score.unit.count},
               {"quality", meter::quality_name(score.score.quality)}};
  put(json, "gco2e_per_unit", score.score);
  put(json, "operational_gco2e_per_unit", score.operational);
  if (score.embodied_stated) put(json, "embodied_gco2e_per_unit", score.embodied);
  return json;
}

}  // namespace frugal::carbon
