#pragma once

/// Runs with their grams and money: made from a ledger, shown, and recorded in it.

#include <optional>
#include <string>
#include <vector>

#include "frugal/base/json.h"
#include "frugal/carbon/estimators/comparison.h"
#include "frugal/carbon/factors.h"
#include "frugal/carbon/impact.h"
#include "frugal/carbon/sci.h"
#include "frugal/ledger/ledger.h"

namespace frugal::cli {

struct CarbonResult {
  std::optional<ledger::RunId> run;  ///< nothing for joules that were typed
  std::string label;                 ///< "bench tiny.gguf"
  carbon::Impact impact;
  std::string unknown;       ///< why the joules are not known
  bool doubt_stated = true;  ///< false: nobody said how sure the joules are, which is not ± 0
  std::vector<carbon::Sci> sci;
  std::vector<carbon::estimators::Comparison> compared;  ///< empty unless asked for
};

/// A run's energy with these factors, and its scores: per output token, and per task where tasks
/// were counted.  `asked` gives what a ledger does not know of a run, for the comparison; nothing:
/// none is made.
[[nodiscard]] CarbonResult carbon_of_run(
    const ledger::Run& run, const carbon::FactorSet& factors,
    const std::optional<carbon::estimators::ComparedRun>& asked);

/// Appends the note `impact` (docs/formats/impact.md) to the run of the result.
void record(ledger::Ledger& ledger, const CarbonResult& result);

/// {"run", "label", "impact":{…}, "sci":[…], "compared":[…]}.
[[nodiscard]] Json json_of(const CarbonResult& result);

/// Lines for people: energy, carbon, water, cost, scores, factors, what is not counted.
[[nodiscard]] std::string text_of(const CarbonResult& result);

/// A table of zones, a row each.
[[nodiscard]] std::string text_of(const std::vector<carbon::Intensity>& zones);

}  // namespace frugal::cli
