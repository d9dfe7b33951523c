#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/carbon/grid.h"
#include "frugal/carbon/tariff.h"
#include "frugal/cli/carbon_request.h"
#include "frugal/cli/carbon_results.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::kInvalidArgument, message);
}

void list_zones(const CarbonRequest& options) {
  std::vector<carbon::Intensity> zones = factor_file_of(options.factors).zones;
  const auto& shipped = carbon::shipped_zones();
  zones.insert(zones.end(), shipped.begin(), shipped.end());
  if (!options.common.json) return print_out(text_of(zones));
  Json json = {{"zones", Json::array()}};
  for (const carbon::Intensity& zone : zones) json["zones"].push_back(carbon::to_json(zone));
  print_out(to_line(json) + "\n");
}

// What was typed, as one result.
CarbonResult typed_result(const CarbonRequest& options, const carbon::FactorSet& factors) {
  const meter::Reading reading{.domain = "stated",
                               .boundary = *meter::boundary_from_name(options.boundary),
                               .quality = *meter::quality_from_name(options.quality),
                               .energy = Joules(*options.joules),
                               .uncertainty = Joules(options.joules_std.value_or(0.0)),
                               .time = Seconds(options.seconds),
                               .note = ""};
  std::optional<double> started;
  if (!options.at.empty()) {
    started = carbon::unix_seconds(options.at);
    if (!started) {
      refuse(str("--at: found '{}', expected a time such as 2026-11-21T12:00:00Z",
                 printable(options.at)));
    }
  }
  if (factors.embodied && !(options.seconds > 0.0)) {
    refuse("carbon: hardware is counted by time, expected --seconds of the span");
  }
  CarbonResult result{.run = {},
                      .label = {},
                      .impact = carbon::assess(reading, factors, started),
                      .unknown = {},
                      .doubt_stated = options.joules_std.has_value(),
                      .sci = {},
                      .compared = {}};
  if (!options.joules_std) {
    result.impact.notes.push_back("no doubt of the joules was stated: ± is that of the factors");
  }
  if (options.workflows) {
    result.sci.push_back(carbon::sci(result.impact, carbon::workflows(*options.workflows)));
  }
  if (options.tokens) {
    result.sci.push_back(carbon::sci(result.impact, carbon::tokens(*options.tokens)));
  }
  if (auto compared = compared_of(options)) {
    if (options.seconds > 0.0) compared->time = Seconds(options.seconds);
    result.compared = carbon::estimators::compare(*compared);
  }
  return result;
}

std::vector<CarbonResult> ledger_results(const CarbonRequest& options,
                                         const carbon::FactorSet& factors) {
  ledger::Ledger ledger(options.common.ledger, options.record ? ledger::Ledger::Mode::kAppend
                                                              : ledger::Ledger::Mode::kReadOnly);
  std::vector<CarbonResult> results;
  for (const ledger::Run& run : ledger.runs()) {
    if (options.run ? run.id != *options.run : run.finished_at.empty()) continue;
    results.push_back(carbon_of_run(run, factors, compared_of(options)));
  }
  if (results.empty()) {
    throw Error(ErrorKind::kNotFound,
                options.run ? str("{}: no run {}, expected one that it holds",
                                  options.common.ledger, *options.run)
                            : str("{}: no finished run in it", options.common.ledger));
  }
  if (options.record) {
    for (const CarbonResult& result : results) record(ledger, result);
  }
  return results;
}

void run_carbon(const CarbonRequest& options) {
  if (options.zones) return list_zones(options);
  if (options.joules.has_value() == !options.common.ledger.empty()) {
    refuse("carbon: expected one of --zones, --joules J and --ledger FILE");
  }
  if (options.common.ledger.empty() && (options.run || options.record)) {
    refuse("carbon: --run and --record are of a ledger, expected --ledger FILE");
  }
  const carbon::FactorSet factors = factor_set_of(options.factors);
  if (factors.empty() && !options.compare) {
    refuse("carbon: no factor given, expected --zone, --mix, --g-per-kwh, --factors or --tariff");
  }
  const std::vector<CarbonResult> results = options.joules
                                                ? std::vector{typed_result(options, factors)}
                                                : ledger_results(options, factors);
  std::string text;
  Json json = {{"results", Json::array()}};
  for (const CarbonResult& result : results) {
    text += text_of(result);
    json["results"].push_back(json_of(result));
  }
  print_out(options.common.json ? to_line(json) + "\n" : text);
}

}  // namespace

void setup_carbon(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<CarbonRequest>();
  CLI::App* verb = app.add_subcommand("carbon", "grams, litres and money of joules");
  add_request(*verb, *options);
  verb->add_option("--ledger", options->common.ledger, "ledger file whose runs to convert");
  add_common(*verb, options->common, {});
  verb->footer(
      "Examples:\n  frugal carbon --joules 3.6e6 --zone DE --pue 1.2 --tariff '0.32 EUR'\n"
      "  frugal carbon --ledger out/ledger.sqlite --zone FR --record");
  verb->callback(
      [options, &invocation] { invocation.action = [options] { run_carbon(*options); }; });
}

}  // namespace frugal::cli
