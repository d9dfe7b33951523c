#include "frugal/cli/carbon_options.h"

#include <CLI/CLI.hpp>
#include <cctype>
#include <map>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/carbon/grid.h"

namespace frugal::cli {

namespace {

constexpr double kLargest = 1e15;  // as in files of factors

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::kInvalidArgument, message);
}

std::map<std::string, double> shares_of(std::string_view text) {
  std::map<std::string, double> shares;
  for (const std::string_view part : split(text, ',')) {
    const std::size_t equals = part.find('=');
    const auto share = equals == std::string_view::npos
                           ? std::nullopt
                           : parse_double(trim(part.substr(equals + 1)));
    const std::string name(trim(part.substr(0, std::min(equals, part.size()))));
    if (!share || name.empty() || !shares.emplace(name, *share).second) {
      refuse(str("--mix: found '{}', expected fuels with their shares, such as coal=0.3,gas=0.7",
                 printable(text)));
    }
  }
  return shares;
}

carbon::FuelSet fuel_set_of(const CarbonOptions& options) {
  if (options.fuels == "codecarbon") return carbon::FuelSet::kCodecarbon;
  return options.scope == "direct" ? carbon::FuelSet::kElectricityMapsDirect
                                   : carbon::FuelSet::kElectricityMaps;
}

carbon::Basis basis_of(const CarbonOptions& options) {
  return carbon::basis_from_name(options.basis).value_or(carbon::Basis::kAverage);
}

carbon::Scope scope_of(const CarbonOptions& options) {
  return carbon::scope_from_name(options.scope).value_or(carbon::Scope::kLifecycle);
}

std::optional<carbon::Intensity> intensity_of(const CarbonOptions& options,
                                              const carbon::FactorFile& file) {
  const int named =
      int{!options.zone.empty()} + int{!options.mix.empty()} + int{options.g_per_kwh.has_value()};
  if (named > 1) refuse("--zone, --mix and --g-per-kwh: more than one given, expected one");
  if (!options.mix.empty()) return carbon::mix_of(shares_of(options.mix), fuel_set_of(options));
  if (options.g_per_kwh) {
    return carbon::Intensity{
        .zone = "stated",
        .name = "stated",
        .year = options.year.value_or(0),
        .basis = basis_of(options),
        .scope = scope_of(options),
        .g_per_kwh = {.value = *options.g_per_kwh, .std = options.g_per_kwh_std},
        .set = "stated",
        .source = options.source};
  }
  if (!options.zone.empty()) {
    return carbon::find_zone(file.zones, {.zone = options.zone,
                                          .year = options.year,
                                          .basis = basis_of(options),
                                          .scope = scope_of(options)});
  }
  if (file.zones.size() == 1) return file.zones.front();
  return std::nullopt;
}

}  // namespace

void add_carbon(CLI::App& verb, CarbonOptions& options) {
  constexpr const char* kGroup = "Grams and money";
  const auto not_negative = CLI::Range(0.0, kLargest);
  const auto add = [&](const std::string& name, auto& value, const std::string& help) {
    return verb.add_option(name, value, help)->group(kGroup);
  };
  add("--zone", options.zone, "whose electricity: DE, DEU or Germany; frugal carbon --zones");
  add("--mix", options.mix, "fuels of the electricity, such as coal=0.3,gas=0.7");
  add("--fuels", options.fuels, "factors of the fuels: electricity-maps or codecarbon")
      ->check(CLI::IsMember({"electricity-maps", "codecarbon"}));
  add("--g-per-kwh", options.g_per_kwh, "grams of CO2e per kWh, where you know them")
      ->check(not_negative);
  add("--g-per-kwh-std", options.g_per_kwh_std, "their standard deviation")->check(not_negative);
  add("--source", options.source, "where the stated factors come from, for the record");
  add("--year", options.year, "of the zone's factor; the latest if not given")
      ->check(CLI::Range(1900, 2200));
  add("--basis", options.basis, "average or marginal")
      ->check(CLI::IsMember({"average", "marginal"}));
  add("--scope", options.scope, "lifecycle or direct")
      ->check(CLI::IsMember({"lifecycle", "direct"}));
  add("--factors", options.factors, "TOML file with zones, PUE, water, hardware, tariff");
  add("--pue", options.pue, "energy of the building by energy of its computers")
      ->check(CLI::Range(1.0, 100.0));
  add("--tariff", options.tariff, "price of a kWh, such as '0.32 EUR'; by the hour: --factors");
  add("--embodied-kg", options.embodied_kg, "kg of CO2e that making the machine emitted")
      ->check(not_negative);
  add("--lifetime-years", options.lifetime_years, "of the machine; 4 if not given")
      ->check(CLI::Range(0.001, 1000.0));
  add("--embodied-share", options.embodied_share, "our part of the machine, 0 to 1")
      ->check(CLI::Range(0.0, 1.0));
}

carbon::FactorFile factor_file_of(const CarbonOptions& options) {
  return options.factors.empty() ? carbon::FactorFile{} : carbon::read_factor_file(options.factors);
}

carbon::Tariff tariff_of(std::string_view text, const std::string& source) {
  constexpr std::size_t kLetters = 3;
  const std::string_view whole = trim(text);
  std::string currency;
  for (const char c : whole.substr(whole.size() - std::min(kLetters, whole.size()))) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalpha(letter) != 0) currency += static_cast<char>(std::toupper(letter));
  }
  const auto price = currency.size() == kLetters
                         ? parse_double(trim(whole.substr(0, whole.size() - kLetters)))
                         : std::nullopt;
  if (!price || *price < 0.0 || *price > kLargest) {
    refuse(
        str("--tariff: found '{}', expected a price that is not negative and a currency, such "
            "as '0.32 EUR'",
            printable(text)));
  }
  return {.currency = currency, .per_kwh = *price, .source = source};
}

carbon::FactorSet factor_set_of(const CarbonOptions& options) {
  constexpr double kGrams = 1000.0;
  constexpr double kYear = 365.0 * 24.0 * 3600.0;
  const carbon::FactorFile file = factor_file_of(options);
  carbon::FactorSet set{.intensity = intensity_of(options, file),
                        .pue = file.pue,
                        .water = file.water,
                        .embodied = file.embodied,
                        .tariff = file.tariff};
  if (options.pue) {
    set.pue = carbon::Pue{.factor = {.value = *options.pue, .std = 0.0}, .source = options.source};
  }
  if (options.embodied_kg) {
    set.embodied = carbon::Embodied{.total_g = {.value = kGrams * *options.embodied_kg, .std = 0.0},
                                    .lifetime = Seconds(kYear * options.lifetime_years),
                                    .share = options.embodied_share,
                                    .source = options.source};
  }
  if (!options.tariff.empty()) set.tariff = tariff_of(options.tariff, options.source);
  return set;
}

}  // namespace frugal::cli
