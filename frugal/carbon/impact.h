#pragma once

/// Joules of a span to grams, litres and money.

#include <optional>
#include <string>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/carbon/estimate.h"
#include "frugal/carbon/factors.h"
#include "frugal/meter/meter.h"

namespace frugal::carbon {

/// Energy with the building's share in it.  Made by at_facility alone, so that a PUE cannot be
/// applied twice.
class FacilityEnergy {
 public:
  [[nodiscard]] const Estimate<Joules>& joules() const { return joules_; }
  /// What it was multiplied by: 1 where the meter saw the building, or no PUE was stated.
  [[nodiscard]] const Factor& pue() const { return pue_; }

 private:
  FacilityEnergy(const Estimate<Joules>& joules, const Factor& pue) : joules_(joules), pue_(pue) {}
  friend FacilityEnergy at_facility(const meter::Reading& reading, const std::optional<Pue>& pue);

  Estimate<Joules> joules_;
  Factor pue_;
};

/// E · PUE below the boundary `facility`; E at it.
/// Errors: none; an unavailable reading stays unavailable.
[[nodiscard]] FacilityEnergy at_facility(const meter::Reading& reading,
                                         const std::optional<Pue>& pue);

/// What a span cost besides joules.  What no factor was given for is absent; what has a factor but
/// no energy is there and unavailable.
struct Impact {
  Estimate<Joules> metered;  ///< as the meter gave it: the primary figure
  meter::Boundary boundary = meter::Boundary::kDevice;  ///< of `metered`
  FacilityEnergy energy;
  std::optional<Estimate<Grams>> operational;  ///< of the electricity
  std::optional<Estimate<Grams>> embodied;     ///< share of making the hardware
  std::optional<Estimate<Grams>> carbon;       ///< both, as far as there are factors
  std::optional<Estimate<Litres>> water;
  std::optional<Estimate<Money>> cost;  ///< in factors.tariff->currency
  FactorSet factors;
  std::vector<std::string> notes;  ///< what a reader must know, one sentence each
};

/// With E the joules of the reading and T its seconds:
///
/// Formula: operational = E · PUE · I / 3.6e6;  embodied = TE · (T / EL) · (RR / ToR);
///          water = E · (WUE_on + PUE · WUE_off) / 3.6e6;  cost = E · PUE · mean price / 3.6e6.
/// Quality: as that of E but derived at best; embodied carbon is modelled.
/// Errors:  kInvalidArgument for a tariff by time of day when `started_unix_s` is unknown.  For a
///          reading at the boundary `facility`, PUE is 1 and the E of WUE_on is divided by a stated
///          PUE; a note says so.
/// Threads: any.
/// Source:  GSF Software Carbon Intensity 1.1 (O, M); ISO/IEC 30134-2 (PUE) and -9 (WUE).
[[nodiscard]] Impact assess(const meter::Reading& reading, const FactorSet& factors,
                            std::optional<double> started_unix_s = std::nullopt);

/// What a ledger keeps: {"energy_j", "energy_j_std", "boundary", "quality", "pue",
/// "facility_energy_j", "carbon_gco2e", "carbon_gco2e_std", "carbon_quality", "operational_gco2e",
/// "embodied_gco2e", "water_l", "cost", "currency", "factors":{…}, "notes":[…]}, each value with
/// its _std; docs/formats/impact.md.  Unknown values are absent.
[[nodiscard]] Json to_json(const Impact& impact);

}  // namespace frugal::carbon
