#include "frugal/cli/impact_option.h"

#include <CLI/CLI.hpp>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"

namespace frugal::cli {

void add_impact(CLI::App& verb, CarbonOptions& options) {
  constexpr const char* kGroup = "Grams and money";
  verb.add_option("--zone", options.zone, "whose electricity: DE, DEU or Germany")->group(kGroup);
  verb.add_option("--g-per-kwh", options.g_per_kwh, "grams of CO2e per kWh, where you know them")
      ->check(CLI::Range(0.0, 1e15))
      ->group(kGroup);
  verb.add_option("--pue", options.pue, "energy of the building by energy of its computers")
      ->check(CLI::Range(1.0, 100.0))
      ->group(kGroup);
  verb.add_option("--tariff", options.tariff, "price of a kWh, such as '0.32 EUR'")->group(kGroup);
  verb.add_option("--factors", options.factors,
                  "TOML file with all of that, prices by the hour too")
      ->group(kGroup);
}

ImpactTeller::ImpactTeller(const CarbonOptions& options)
    : factors_(factor_set_of(options)), started_at_(utc_timestamp()) {
  if (factors_.pue && !factors_.intensity && !factors_.tariff && !factors_.embodied) {
    throw Error(ErrorKind::kInvalidArgument,
                "--pue: makes neither grams nor money alone, expected --zone, --g-per-kwh or "
                "--tariff too");
  }
}

std::optional<CarbonResult> ImpactTeller::of(const ledger::Run& run) const {
  if (factors_.empty()) return std::nullopt;
  ledger::Run begun = run;
  if (begun.started_at.empty()) begun.started_at = started_at_;
  CarbonResult result = carbon_of_run(begun, factors_, std::nullopt);
  if (run.id == 0) result.run.reset();
  return result;
}

void ImpactTeller::record_all(const ledger::Ledger& from,
                              const std::filesystem::path& ledger) const {
  if (factors_.empty()) return;
  ledger::Ledger into(ledger);
  for (const ledger::Run& run : from.runs()) {
    if (const auto result = run.finished_at.empty() ? std::nullopt : of(run)) record(into, *result);
  }
}

}  // namespace frugal::cli
