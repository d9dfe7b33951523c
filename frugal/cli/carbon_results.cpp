#include "frugal/cli/carbon_results.h"

#include <cmath>

#include "frugal/base/clock.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/carbon/tariff.h"
#include "frugal/ledger/energy.h"

namespace frugal::cli {

namespace {

using carbon::Estimate;

// The number of a key in JSON that may be anything.
double number_or_zero(const Json& json, const std::string& key) {
  if (!json.is_object() || !json.contains(key) || !json[key].is_number()) return 0.0;
  const double number = json[key].get<double>();
  return std::isfinite(number) && number > 0.0 ? number : 0.0;
}

Json machine_of(const ledger::Run& run) {
  try {
    return parse_json(run.info.machine, "machine");
  } catch (const Error&) {
    return nullptr;
  }
}

// What was asked, and what the ledger knows besides.
carbon::estimators::ComparedRun compared_run(const ledger::Run& run, Seconds time,
                                             carbon::estimators::ComparedRun asked) {
  constexpr double kGigabyte = 1e9;
  constexpr double kMostCpus = 65536.0;
  const Json machine = machine_of(run);
  if (time.value() > 0.0) asked.time = time;
  if (asked.cpus == 0) {
    asked.cpus = static_cast<std::size_t>(std::min(number_or_zero(machine, "cpus"), kMostCpus));
  }
  if (asked.memory_gigabytes == 0.0) {
    asked.memory_gigabytes = number_or_zero(machine, "memory_bytes") / kGigabyte;
  }
  if (run.receipt) {
    const std::uint64_t tokens = run.receipt->work.total().output_tokens;
    if (tokens > 0) asked.output_tokens = static_cast<double>(tokens);
  }
  return asked;
}

std::vector<carbon::Sci> scores_of(const ledger::Run& run, const carbon::Impact& impact) {
  std::vector<carbon::Sci> scores;
  if (!impact.operational || !run.receipt) return scores;
  const ledger::Metric* success = run.metric("success");
  if (success != nullptr && success->count > 0) {
    const auto tasks = static_cast<double>(success->count);
    scores.push_back(carbon::sci(impact, carbon::workflows(tasks)));
    const double solved = std::round(success->value * tasks);
    if (solved >= 1.0) {
      scores.push_back(carbon::sci(impact, {.name = "solved workflow", .count = solved}));
    }
  }
  const auto tokens = static_cast<double>(run.receipt->work.total().output_tokens);
  if (tokens > 0.0) scores.push_back(carbon::sci(impact, carbon::tokens(tokens)));
  return scores;
}

template <class Unit>
std::string figure(const Estimate<Unit>& estimate, std::string_view unit) {
  if (!estimate.known()) return "unknown";
  return str("{} ± {} ({})", human_si(estimate.value.value(), unit),
             human_si(estimate.std().value(), unit), meter::quality_name(estimate.quality));
}

// Joules, whose own doubt may not have been stated.
std::string joules(const Estimate<Joules>& estimate, bool doubt_stated) {
  if (doubt_stated || !estimate.known()) return figure(estimate, "J");
  return str("{}, ± not stated ({})", human_si(estimate.value.value(), "J"),
             meter::quality_name(estimate.quality));
}

void line(std::string& out, std::string_view name, const std::string& text) {
  out += str("  {:<12} {}\n", name, text);
}

std::string price(const carbon::Tariff& tariff) {
  return str("{:.4g} {} per kWh{} ({})", tariff.per_kwh, tariff.currency,
             tariff.by_time() ? str(" outside {} bands", tariff.bands.size()) : "", tariff.source);
}

void add_factors(std::string& out, const carbon::FactorSet& factors) {
  if (factors.intensity) {
    line(out, "electricity",
         str("{}; {}", carbon::text_of(*factors.intensity), factors.intensity->source));
  }
  if (factors.pue) {
    line(out, "PUE",
         str("{:.4g} ± {:.2g} ({})", factors.pue->factor.value, factors.pue->factor.std,
             factors.pue->source));
  }
  if (factors.tariff) line(out, "tariff", price(*factors.tariff));
}

void add_compared(std::string& out, const CarbonResult& result) {
  if (result.compared.empty()) return;
  out += "  what other tools would have said (comparison only, without counters):\n";
  for (const carbon::estimators::Comparison& row : result.compared) {
    std::string said = row.missing;
    if (row.energy) said = human_si(row.energy->value(), "J");
    if (const auto grams = carbon_of(row, result.impact.factors)) {
      said += ", " + human_si(grams->value(), "g CO2e");
    }
    out += str("    {:<30} {:<26} known error: {}\n", row.name, said, row.known_error);
  }
}

}  // namespace

CarbonResult carbon_of_run(const ledger::Run& run, const carbon::FactorSet& factors,
                           const std::optional<carbon::estimators::ComparedRun>& asked) {
  const meter::Reading energy = ledger::energy_of(run);
  CarbonResult result{
      .run = run.id,
      .label = run.info.verb,
      .impact = carbon::assess(energy, factors, carbon::unix_seconds(run.started_at)),
      .unknown = {},
      .sci = {},
      .compared = {}};
  for (const std::string& more : {run.info.model, run.info.plan}) {
    if (!more.empty()) result.label += " " + more;
  }
  if (energy.quality == meter::Quality::kUnavailable) result.unknown = energy.note;
  if (run.parent && factors.tariff && factors.tariff->by_time()) {
    result.impact.notes.push_back(
        "the price is that of the hour in which the plan was recorded, not of its rounds");
  }
  result.sci = scores_of(run, result.impact);
  if (asked) {
    result.compared = carbon::estimators::compare(compared_run(run, energy.time, *asked));
  }
  return result;
}

void record(ledger::Ledger& ledger, const CarbonResult& result) {
  FRUGAL_CHECK(result.run.has_value());
  Json json = to_json(result.impact);
  json["sci"] = Json::array();
  for (const carbon::Sci& score : result.sci) json["sci"].push_back(to_json(score));
  json["recorded_at"] = utc_timestamp();
  ledger.add_note(*result.run, {.key = "impact", .text = to_line(json)});
}

Json json_of(const CarbonResult& result) {
  Json json = Json::object();
  if (result.run) json["run"] = *result.run;
  if (!result.label.empty()) json["label"] = result.label;
  json["impact"] = to_json(result.impact);
  if (!result.doubt_stated) {
    for (const char* key : {"energy_j_std", "facility_energy_j_std"}) json["impact"].erase(key);
  }
  if (!result.unknown.empty()) json["unknown"] = result.unknown;
  json["sci"] = Json::array();
  for (const carbon::Sci& score : result.sci) json["sci"].push_back(to_json(score));
  if (!result.compared.empty()) {
    json["compared"] = to_json(result.compared, result.impact.factors);
  }
  return json;
}

std::string text_of(const CarbonResult& result) {
  const carbon::Impact& impact = result.impact;
  std::string out;
  if (result.run) out = str("run {}: {}\n", *result.run, printable(result.label));
  line(out, "energy",
       result.unknown.empty() ? str("{}, {}", joules(impact.metered, result.doubt_stated),
                                    meter::boundary_name(impact.boundary))
                              : "unknown: " + printable(result.unknown));
  if (impact.factors.pue) {
    line(out, "with the PUE", joules(impact.energy.joules(), result.doubt_stated));
  }
  if (impact.carbon) line(out, "carbon", figure(*impact.carbon, "g CO2e"));
  if (impact.carbon && impact.embodied && impact.operational) {
    line(out, "  electricity", figure(*impact.operational, "g CO2e"));
    line(out, "  hardware", figure(*impact.embodied, "g CO2e"));
  }
  if (impact.water) line(out, "water", figure(*impact.water, "L"));
  if (impact.cost) {
    const Estimate<carbon::Money>& cost = *impact.cost;
    line(out, "cost",
         cost.known() ? str("{:.3g} ± {:.2g} {} ({})", cost.value.value(), cost.std().value(),
                            impact.factors.tariff->currency, meter::quality_name(cost.quality))
                      : "unknown");
  }
  for (const carbon::Sci& score : result.sci) {
    line(out, "SCI", str("{} per {}", figure(score.score, "g CO2e"), score.unit.name));
  }
  add_factors(out, impact.factors);
  for (const std::string& note : impact.notes) line(out, "to know", note);
  add_compared(out, result);
  return out;
}

std::string text_of(const std::vector<carbon::Intensity>& zones) {
  std::string out = str("{:<8} {:<9} {:>4}  {:>7}  {:>5}  {:<8} {:<9}  {}\n", "zone", "also",
                        "year", "g/kWh", "±", "basis", "scope", "name; source");
  for (const carbon::Intensity& zone : zones) {
    out += str("{:<8} {:<9} {:>4}  {:>7.1f}  {:>5.1f}  {:<8} {:<9}  {}; {}\n", printable(zone.zone),
               printable(zone.also), zone.year == 0 ? "–" : std::to_string(zone.year),
               zone.g_per_kwh.value, zone.g_per_kwh.std, carbon::basis_name(zone.basis),
               carbon::scope_name(zone.scope), printable(zone.name), printable(zone.set));
  }
  return out;
}

}  // namespace frugal::cli
