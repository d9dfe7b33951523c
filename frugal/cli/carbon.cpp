#include <CLI/CLI.hpp>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/carbon/grid.h"
#include "frugal/carbon/tariff.h"
#include "frugal/cli/carbon_options.h"
#include "frugal/cli/carbon_results.h"
#include "frugal/cli/common.h"
#include "frugal/cli/verbs.h"

namespace frugal::cli {

namespace {

struct Options {
  CommonOptions common;
  CarbonOptions factors;
  bool zones = false;
  std::optional<double> joules;
  std::optional<double> joules_std;
  std::string quality = "modelled";
  std::string boundary = "host";
  double seconds = 0.0;
  std::string at;
  std::optional<double> tokens;
  std::optional<double> workflows;
  std::optional<ledger::RunId> run;
  bool record = false;
  bool compare = false;
  carbon::estimators::ComparedRun compared;
  std::optional<double> tdp;
  std::string family;
};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::kInvalidArgument, message);
}

void list_zones(const Options& options) {
  std::vector<carbon::Intensity> zones = factor_file_of(options.factors).zones;
  const auto& shipped = carbon::shipped_zones();
  zones.insert(zones.end(), shipped.begin(), shipped.end());
  if (!options.common.json) return print_out(text_of(zones));
  Json json = {{"zones", Json::array()}};
  for (const carbon::Intensity& zone : zones) json["zones"].push_back(carbon::to_json(zone));
  print_out(to_line(json) + "\n");
}

std::optional<carbon::estimators::ComparedRun> compared_of(const Options& options) {
  if (!options.compare) return std::nullopt;
  carbon::estimators::ComparedRun run = options.compared;
  if (options.tdp) run.tdp = Watts(*options.tdp);
  run.family = carbon::estimators::xeon_family_from_name(options.family);
  if (options.tokens) run.output_tokens = options.tokens;
  return run;
}

// What was typed, as one result.
CarbonResult typed_result(const Options& options, const carbon::FactorSet& factors) {
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

std::vector<CarbonResult> ledger_results(const Options& options, const carbon::FactorSet& factors) {
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

void run_carbon(const Options& options) {
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

void add_span(CLI::App& verb, Options& options) {
  const auto not_negative = CLI::Range(0.0, 1e15);
  const auto above_zero = CLI::Range(1e-9, 1e15);
  verb.add_flag("--zones", options.zones, "list the zones of the tables");
  verb.add_option("--joules", options.joules, "of a span that was weighed elsewhere")
      ->check(not_negative);
  verb.add_option("--joules-std", options.joules_std, "their standard deviation")
      ->check(not_negative);
  verb.add_option("--quality", options.quality, "of the joules: measured, derived or modelled")
      ->check(CLI::IsMember({"measured", "derived", "modelled"}))
      ->capture_default_str();
  verb.add_option("--boundary", options.boundary, "device, host, wall or facility")
      ->check(CLI::IsMember({"device", "host", "wall", "facility"}))
      ->capture_default_str();
  verb.add_option("--seconds", options.seconds, "length of the span")->check(CLI::Range(0.0, 1e10));
  verb.add_option("--at", options.at, "when it began, UTC: 2026-11-21T12:00:00Z");
  verb.add_option("--tokens", options.tokens, "output tokens of it, for SCI")->check(above_zero);
  verb.add_option("--workflows", options.workflows, "agent workflows in it, for SCI")
      ->check(above_zero);
  verb.add_option("--run", options.run, "one run of the ledger; all finished ones if not given");
  verb.add_flag("--record", options.record, "append figures and factors to the ledger's runs");
}

void add_compare(CLI::App& verb, Options& options) {
  constexpr const char* kGroup = "Comparison with other tools";
  const auto not_negative = CLI::Range(0.0, 1e12);
  verb.add_flag("--compare", options.compare, "what other tools would have said")->group(kGroup);
  verb.add_option("--load", options.compared.load, "of the machine, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->group(kGroup);
  verb.add_option("--tdp", options.tdp, "of the processor, in watts")
      ->check(not_negative)
      ->group(kGroup);
  verb.add_option("--cpus", options.compared.cpus, "threads of the processor")
      ->check(CLI::Range(0, 65536))
      ->group(kGroup);
  verb.add_option("--memory-gb", options.compared.memory_gigabytes, "of the machine")
      ->check(not_negative)
      ->group(kGroup);
  verb.add_option("--family", options.family, "Xeon platinum, gold, silver, e5 or e3")
      ->check(CLI::IsMember({"platinum", "gold", "silver", "e5", "e3"}))
      ->group(kGroup);
  verb.add_option("--active-b", options.compared.active_billions, "parameters of a token, billions")
      ->check(not_negative)
      ->group(kGroup);
  verb.add_option("--total-b", options.compared.total_billions, "all parameters, billions")
      ->check(not_negative)
      ->group(kGroup);
}

}  // namespace

void setup_carbon(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("carbon", "grams, litres and money of joules");
  add_span(*verb, *options);
  add_carbon(*verb, options->factors);
  add_compare(*verb, *options);
  verb->add_option("--ledger", options->common.ledger, "ledger file whose runs to convert");
  add_common(*verb, options->common, {});
  verb->footer(
      "Examples:\n  frugal carbon --joules 3.6e6 --zone DE --pue 1.2 --tariff '0.32 EUR'\n"
      "  frugal carbon --ledger out/ledger.sqlite --zone FR --record");
  verb->callback(
      [options, &invocation] { invocation.action = [options] { run_carbon(*options); }; });
}

}  // namespace frugal::cli
