#pragma once

/// What other tools would have said of a run: one row per estimator, never part of a result.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/base/units.h"
#include "frugal/carbon/estimators/cpu_curves.h"
#include "frugal/carbon/factors.h"

namespace frugal::carbon::estimators {

/// What the estimators ask for; what is absent leaves out those that need it.
struct ComparedRun {
  std::optional<Seconds> time = std::nullopt;
  std::optional<double> load = std::nullopt;  ///< of the machine, 0 to 1
  std::optional<Watts> tdp = std::nullopt;
  std::size_t cpus = 0;           ///< logical; 0: not known
  double memory_gigabytes = 0.0;  ///< 0: not known
  std::optional<XeonFamily> family = std::nullopt;
  std::optional<double> output_tokens = std::nullopt;
  std::optional<double> active_billions = std::nullopt;
  std::optional<double> total_billions = std::nullopt;  ///< as active when not given
};

struct Comparison {
  std::string_view name;         ///< "CodeCarbon 3.3.0, CPU by load"
  std::string_view formula;      ///< in words of the reader
  std::string_view known_error;  ///< against counters, with where that was found
  std::optional<Joules> energy;  ///< of the computers, without a PUE
  std::string missing;           ///< what it needs, where there is no energy
};

/// Every estimator in a fixed order.
/// Errors: kInvalidArgument for a load outside [0, 1] and numbers that are negative or not finite.
[[nodiscard]] std::vector<Comparison> compare(const ComparedRun& run);

/// [{"name", "formula", "energy_j", "carbon_gco2e", "known_error"} or {…, "missing"}]; grams by the
/// intensity and PUE of `factors`, so that the rows differ by their joules alone.
[[nodiscard]] Json to_json(const std::vector<Comparison>& rows, const FactorSet& factors);

/// Grams of a row; nothing without joules or intensity.
[[nodiscard]] std::optional<Grams> carbon_of(const Comparison& row, const FactorSet& factors);

}  // namespace frugal::carbon::estimators
