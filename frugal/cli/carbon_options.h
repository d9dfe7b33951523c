#pragma once

/// The options that say what a joule costs in grams and money.

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/carbon/factor_file.h"
#include "frugal/carbon/factors.h"

namespace frugal::cli {

struct CarbonOptions {
  std::string zone;
  std::string mix;  ///< "coal=0.3,gas=0.7"
  std::string fuels = "electricity-maps";
  std::optional<double> g_per_kwh;
  double g_per_kwh_std = 0.0;
  std::string source = "stated on the command line";
  std::optional<int> year;
  std::string basis = "average";
  std::string scope = "lifecycle";
  std::string factors;  ///< file
  std::optional<double> pue;
  std::string tariff;  ///< "0.32 EUR"
  std::optional<double> embodied_kg;
  double lifetime_years = 4.0;
  double embodied_share = 1.0;
};

/// --zone, --mix, --g-per-kwh, --factors, --pue, --tariff and what belongs to them, as one group.
void add_carbon(CLI::App& verb, CarbonOptions& options);

/// The file of --factors; empty without one.
[[nodiscard]] carbon::FactorFile factor_file_of(const CarbonOptions& options);

/// Everything that the options and the file say; an option comes before the file.  A file with
/// exactly one zone needs no --zone.
/// Errors: kInvalidArgument for more than one of --zone, --mix and --g-per-kwh, and for a mix or a
///         tariff that is none; those of read_factor_file, find_zone and mix_of.
[[nodiscard]] carbon::FactorSet factor_set_of(const CarbonOptions& options);

/// "0.32 EUR" or "0.32EUR": a price per kWh and the three letters of a currency.
[[nodiscard]] carbon::Tariff tariff_of(std::string_view text, const std::string& source);

}  // namespace frugal::cli
