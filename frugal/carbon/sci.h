#pragma once

/// Software Carbon Intensity: grams per unit of what the software is for.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/carbon/estimate.h"
#include "frugal/carbon/factors.h"
#include "frugal/carbon/impact.h"

namespace frugal::carbon {

/// What the grams are divided by, R.
struct FunctionalUnit {
  std::string name = {};  ///< "token", "workflow", "solved workflow"
  double count = 0.0;     ///< > 0
};

/// Units that SCI for AI prescribes: one output token of a language model, one execution of an
/// agent's workflow with all the calls, tools and retrievals that it set off.
[[nodiscard]] FunctionalUnit tokens(double count);
[[nodiscard]] FunctionalUnit workflows(double count);

/// A score: SCI = (O + M) / R.
struct Sci {
  FunctionalUnit unit;
  Estimate<Grams> operational;  ///< O / R
  Estimate<Grams> embodied;     ///< M / R; 0 g and `embodied_stated` false where none was stated
  bool embodied_stated = false;
  Estimate<Grams> score;  ///< grams of CO2e per unit
};

/// A part of a system: an agent, a model, a database.
struct SciPart {
  std::string name = {};
  Estimate<Joules> energy = {};  ///< of the building, reserved but idle hardware included
  Estimate<Grams> embodied = {};
};

/// The score of what one Impact covers.
///
/// Formula: SCI = (O + M) / R with O, M of the impact.
/// Errors:  kInvalidArgument for a count that is not above 0 and finite, and for an impact without
/// an
///          intensity.  An unavailable energy gives an unavailable score.
/// Not here: offsets and certificates; SCI counts location-based electricity only.
/// Source:  Green Software Foundation, SCI 1.1; SCI for AI, §8.1 (functional units).
[[nodiscard]] Sci sci(const Impact& impact, const FunctionalUnit& unit);

/// The score of a system of parts on one grid, and that of each part, in the same order.
///
/// Formula: O_i = E_i · I, SCI = Σ (O_i + M_i) / R.  The doubt of I is shared by all parts and adds
///          linearly; so does that of the M_i, which were estimated in one way.
/// Errors:  as above.
struct SystemSci {
  Sci whole;
  std::vector<Sci> parts;
};
[[nodiscard]] SystemSci sci(std::span<const SciPart> parts, const Intensity& intensity,
                            const FunctionalUnit& unit);

/// {"unit", "units", "gco2e_per_unit", "gco2e_per_unit_std", "quality",
/// "operational_gco2e_per_unit", "embodied_gco2e_per_unit"}; unknown values absent.
[[nodiscard]] Json to_json(const Sci& score);

}  // namespace frugal::carbon
