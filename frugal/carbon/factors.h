#pragma once

/// The factors that turn joules into grams, litres and money, each with where it comes from.

#include <optional>
#include <string>
#include <string_view>

#include "frugal/base/json.h"
#include "frugal/base/units.h"
#include "frugal/carbon/estimate.h"
#include "frugal/carbon/tariff.h"

namespace frugal::carbon {

/// What one more kilowatt-hour is charged with.
enum class Basis {
  kAverage,   ///< the mean of all plants: for accounts
  kMarginal,  ///< the plants that follow the demand: for decisions
};

/// What is counted of a plant.
enum class Scope {
  kLifecycle,  ///< fuel, building and the plant itself
  kDirect,     ///< what leaves the chimney
};

/// "average", "marginal"; "lifecycle", "direct".
[[nodiscard]] std::string_view basis_name(Basis basis);
[[nodiscard]] std::string_view scope_name(Scope scope);
[[nodiscard]] std::optional<Basis> basis_from_name(std::string_view name);
[[nodiscard]] std::optional<Scope> scope_from_name(std::string_view name);

/// Grams of CO2e per kWh of electricity.
struct Intensity {
  std::string zone = {};  ///< "DE"
  std::string also = {};  ///< another code of it, "DEU"; may be empty
  std::string name = {};  ///< "Germany"
  int year = 0;           ///< of the data; 0: not stated
  Basis basis = Basis::kAverage;
  Scope scope = Scope::kLifecycle;
  Factor g_per_kwh = {};
  std::string set = {};  ///< name of the table it stands in
  std::string source = {};
};

/// Power usage effectiveness: energy of the building by energy of its computers, at least 1.
struct Pue {
  Factor factor{.value = 1.0, .std = 0.0};
  std::string source = {};
};

/// Fresh water consumed, in litres per kWh.
struct Water {
  Factor on_site = {};   ///< cooling, per kWh of the computers (WUE)
  Factor off_site = {};  ///< power plants, per kWh of the building
  std::string source = {};
};

/// What making the hardware emitted, and which share of it is ours.
struct Embodied {
  Factor total_g = {};    ///< TE: of the whole machine, in g CO2e
  Seconds lifetime = {};  ///< EL, > 0
  double share = 1.0;     ///< RR / ToR: reserved resources by those of the machine, 0 to 1
  std::string source = {};
};

/// Everything that a result was converted with; what is absent was not counted.
struct FactorSet {
  std::optional<Intensity> intensity;
  std::optional<Pue> pue;
  std::optional<Water> water;
  std::optional<Embodied> embodied;
  std::optional<Tariff> tariff;

  [[nodiscard]] bool empty() const { return !intensity && !pue && !water && !embodied && !tariff; }
};

/// The record of a set: every value with its standard deviation, year and source, keys with units.
[[nodiscard]] Json to_json(const FactorSet& set);
[[nodiscard]] Json to_json(const Intensity& intensity);

/// "Germany, 2023, 381 ± 58 g/kWh (average, lifecycle)".
[[nodiscard]] std::string text_of(const Intensity& intensity);

}  // namespace frugal::carbon
