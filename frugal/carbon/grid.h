#pragma once

/// Where the electricity came from: zones with their grams per kilowatt-hour.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/carbon/factors.h"

namespace frugal::carbon {

/// The tables that ship, one file of frugal/carbon/grid after the other, read once.
/// Numbers: standard deviations are assumed, 15 % and at least 8 g/kWh for lifecycle averages: half
///          of what two published sets of factors per fuel differ by (docs/carbon.md).
/// Threads: any.
[[nodiscard]] const std::vector<Intensity>& shipped_zones();

struct ZoneQuery {
  std::string_view zone;                   ///< code, other code or name, in any case
  std::optional<int> year = std::nullopt;  ///< the latest when not given
  Basis basis = Basis::kAverage;
  Scope scope = Scope::kLifecycle;
};

/// The factor of a zone: of `own` if it has one that fits, else of the shipped tables.
/// Errors: kNotFound for an unknown zone, with the names that are nearest, and for a known one
///         without such a factor, with those it has.
[[nodiscard]] Intensity find_zone(std::span<const Intensity> own, const ZoneQuery& query);

/// Which grams per kWh a fuel is counted with; sets of different origin differ up to twofold.
enum class FuelSet {
  kElectricityMaps,        ///< lifecycle, defaults of Electricity Maps
  kElectricityMapsDirect,  ///< direct
  kCodecarbon,             ///< lifecycle, CodeCarbon 3.3.0
};

/// The intensity of a mix of fuels, shares by name ("coal", "gas", "nuclear" …).
///
/// Formula: I = Σ share · g_fuel; its standard deviation is half of what the two lifecycle sets
///          differ by for this mix, 15 % where one of them does not know a fuel and for direct.
/// Errors:  kNotFound for a fuel that the set does not know; kInvalidArgument for shares that are
///          negative or do not add up to 1 within 0.001.
/// Source:  electricitymaps-contrib, config/defaults.yaml; CodeCarbon 3.3.0,
///          carbon_intensity_per_source.json.
[[nodiscard]] Intensity mix_of(const std::map<std::string, double>& shares,
                               FuelSet set = FuelSet::kElectricityMaps);

}  // namespace frugal::carbon
