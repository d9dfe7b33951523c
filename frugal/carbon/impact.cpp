#include "frugal/carbon/impact.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::carbon {

namespace {

using meter::Boundary;
using meter::Quality;

// A share of hardware needs no joules, only the time.
Estimate<Grams> embodied_of(const Embodied& embodied, Seconds time) {
  const double part = (time / embodied.lifetime) * embodied.share;
  return {.value = Grams(embodied.total_g.value * part),
          .own = Grams(0.0),
          .shared = Grams(embodied.total_g.std * part),
          .quality = Quality::kModelled};
}

// The joules of the computers alone, which cooling on site is counted by.
Estimate<Joules> computers(const meter::Reading& reading, const std::optional<Pue>& pue) {
  const Estimate<Joules> energy = estimate_of(reading);
  if (reading.boundary != Boundary::kFacility || !pue) return energy;
  const double inverse = 1.0 / pue->factor.value;
  return scaled<Joules>(energy, {.value = inverse, .std = pue->factor.std * inverse * inverse});
}

Estimate<Litres> water_of(const meter::Reading& reading, const FacilityEnergy& energy,
                          const FactorSet& factors) {
  const Water& water = *factors.water;
  const auto on_site =
      scaled<Litres>(computers(reading, factors.pue), water.on_site, kJoulesPerKwh);
  const auto off_site = scaled<Litres>(energy.joules(), water.off_site, kJoulesPerKwh);
  if (!on_site.known() || !off_site.known()) return {};
  // Both come from one reading: its error is the same in both.  The two factors are not.
  return {.value = on_site.value + off_site.value,
          .own = on_site.own + off_site.own,
          .shared = Litres(std::hypot(on_site.shared.value(), off_site.shared.value())),
          .quality = std::max(on_site.quality, off_site.quality)};
}

Estimate<Money> cost_of(const meter::Reading& reading, const FacilityEnergy& energy,
                        const Tariff& tariff, std::optional<double> started) {
  if (tariff.by_time() && !started) {
    throw Error(ErrorKind::kInvalidArgument,
                "tariff: its price depends on the time of day, expected when the span began");
  }
  const TimeSpan span{.start_s = started.value_or(0.0),
                      .length = Seconds(std::max(reading.time.value(), 0.0))};
  return scaled<Money>(energy.joules(), {.value = mean_price(tariff, span), .std = 0.0},
                       kJoulesPerKwh);
}

std::optional<Estimate<Grams>> carbon_of(const Impact& impact) {
  if (!impact.operational) return impact.embodied;
  if (!impact.embodied) return impact.operational;
  return sum_independent(*impact.operational, *impact.embodied);
}

std::vector<std::string> notes_of(const meter::Reading& reading, const FactorSet& factors) {
  std::vector<std::string> notes;
  const bool facility = reading.boundary == Boundary::kFacility;
  if (facility && factors.pue) {
    notes.push_back("the meter saw the whole building, so the PUE was not applied");
  }
  if (!facility && !factors.pue) {
    notes.push_back("no PUE was stated: cooling and supply of the building are not counted");
  }
  if (reading.boundary == Boundary::kDevice) {
    notes.push_back(
        "the meter saw chips only: mainboard, fans and the power supply are not counted");
  }
  if (factors.intensity && factors.intensity->basis == Basis::kAverage) {
    notes.push_back("an average of a year and a zone: the hour of the run is not in it");
  }
  if (!factors.embodied && factors.intensity) {
    notes.push_back("making the hardware is not counted");
  }
  return notes;
}

template <class Unit>
void put(Json& json, const std::string& key, const std::optional<Estimate<Unit>>& estimate) {
  if (!estimate || !estimate->known()) return;
  json[key] = estimate->value.value();
  json[key + "_std"] = estimate->std().value();
}

}  // namespace

FacilityEnergy at_facility(const meter::Reading& reading, const std::optional<Pue>& pue) {
  const Estimate<Joules> energy = estimate_of(reading);
  if (reading.boundary == Boundary::kFacility || !pue) return {energy, {.value = 1.0, .std = 0.0}};
  return {scaled<Joules>(energy, pue->factor), pue->factor};
}

Impact assess(const meter::Reading& reading, const FactorSet& factors,
              std::optional<double> started_unix_s) {
  Impact impact{.metered = estimate_of(reading),
                .boundary = reading.boundary,
                .energy = at_facility(reading, factors.pue),
                .operational = {},
                .embodied = {},
                .carbon = {},
                .water = {},
                .cost = {},
                .factors = factors,
                .notes = notes_of(reading, factors)};
  if (factors.intensity) {
    impact.operational =
        scaled<Grams>(impact.energy.joules(), factors.intensity->g_per_kwh, kJoulesPerKwh);
  }
  if (factors.embodied) impact.embodied = embodied_of(*factors.embodied, reading.time);
  impact.carbon = carbon_of(impact);
  if (factors.water) impact.water = water_of(reading, impact.energy, factors);
  if (factors.tariff) {
    impact.cost = cost_of(reading, impact.energy, *factors.tariff, started_unix_s);
  }
  return impact;
}

Json to_json(const Impact& impact) {
  Json json = {{"boundary", meter::boundary_name(impact.boundary)},
               {"quality", meter::quality_name(impact.metered.quality)}};
  put(json, "energy_j", std::optional(impact.metered));
  if (impact.factors.pue) {
    json["pue"] = impact.energy.pue().value;
    put(json, "facility_energy_j", std::optional(impact.energy.joules()));
  }
  put(json, "carbon_gco2e", impact.carbon);
  if (impact.carbon) json["carbon_quality"] = meter::quality_name(impact.carbon->quality);
  put(json, "operational_gco2e", impact.operational);
  put(json, "embodied_gco2e", impact.embodied);
  put(json, "water_l", impact.water);
  put(json, "cost", impact.cost);
  if (impact.cost) json["currency"] = impact.factors.tariff->currency;
  json["factors"] = to_json(impact.factors);
  json["notes"] = impact.notes;
  return json;
}

}  // namespace frugal::carbon
