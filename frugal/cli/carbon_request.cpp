#include "frugal/cli/carbon_request.h"

#include <CLI/CLI.hpp>

namespace frugal::cli {

namespace {

void add_span(CLI::App& verb, CarbonRequest& options) {
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

void add_compare(CLI::App& verb, CarbonRequest& options) {
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

void add_request(CLI::App& verb, CarbonRequest& request) {
  add_span(verb, request);
  add_carbon(verb, request.factors);
  add_compare(verb, request);
}

std::optional<carbon::estimators::ComparedRun> compared_of(const CarbonRequest& request) {
  if (!request.compare) return std::nullopt;
  carbon::estimators::ComparedRun run = request.compared;
  if (request.tdp) run.tdp = Watts(*request.tdp);
  run.family = carbon::estimators::xeon_family_from_name(request.family);
  if (request.tokens) run.output_tokens = request.tokens;
  return run;
}

}  // namespace frugal::cli
