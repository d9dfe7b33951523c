#pragma once

/// Grams and money beside the joules of a verb that has just run.

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "frugal/base/json.h"
#include "frugal/cli/carbon_options.h"
#include "frugal/cli/carbon_results.h"
#include "frugal/ledger/ledger.h"

namespace frugal::cli {

/// --zone, --g-per-kwh, --pue, --tariff and --factors; `frugal carbon` has more.
void add_impact(CLI::App& verb, CarbonOptions& options);

/// The factors of one call: read, and refused, before the work begins.
class ImpactTeller {
 public:
  /// Errors: those of factor_set_of; kInvalidArgument for a PUE alone, which makes no gram.
  explicit ImpactTeller(const CarbonOptions& options);

  /// A run as the ledger would have it; it needs readings or a receipt, and a verb.  Nothing where
  /// no factor was asked for.
  [[nodiscard]] std::optional<CarbonResult> of(const ledger::Run& run) const;
  /// Every finished run of a ledger gets its note `impact`, where factors were asked for.
  void record_all(const ledger::Ledger& from, const std::filesystem::path& ledger) const;

 private:
  carbon::FactorSet factors_;
  std::string started_at_;
};

}  // namespace frugal::cli
