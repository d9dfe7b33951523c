#include <algorithm>
#include <array>
#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/report/html.h"
#include "frugal/report/page.h"

// What docs/formats/impact.md describes, read with the care that anything in a ledger needs: a key
// that is missing or of another type is an unknown, and an unknown is written as such.

namespace frugal::report {
namespace {

constexpr std::size_t kMostRows = 500;
constexpr std::size_t kMostSets = 20;

struct Row {
  const ledger::Run* run = nullptr;
  Json impact;
};

const Json* member(const Json& json, const std::string& key) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(key);
  return found == json.end() ? nullptr : &*found;
}

std::optional<double> number_in(const Json& json, const std::string& key) {
  const Json* value = member(json, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double number = value->get<double>();
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::string text_in(const Json& json, const std::string& key) {
  const Json* value = member(json, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

// A value with one standard deviation on either side, `key` and `key`_std.
std::optional<Figure> figure_in(const Json& json, const std::string& key) {
  ledger::Metric metric;
  const std::optional<double> value = number_in(json, key);
  if (!value) return std::nullopt;
  metric.value = *value;
  const std::optional<double> spread = number_in(json, key + "_std");
  if (spread && *spread >= 0.0) {
    metric.low = *value - *spread;
    metric.high = *value + *spread;
  }
  return figure_of(&metric);
}

std::optional<Json> impact_of(const ledger::Run& run) {
  const std::string_view note = run.note("impact");
  if (note.empty()) return std::nullopt;
  try {
    Json json = parse_json(note, "impact");
    return json.is_object() ? std::optional(std::move(json)) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::vector<Row> rows_of(const std::vector<const ledger::Run*>& runs) {
  std::vector<Row> rows;
  for (const ledger::Run* run : runs) {
    if (rows.size() == kMostRows) break;
    if (std::optional<Json> impact = impact_of(*run)) rows.push_back({run, std::move(*impact)});
  }
  return rows;
}

Scale scale_of(const std::vector<Row>& rows, const std::string& key, std::string_view unit) {
  std::vector<double> values;
  for (const Row& row : rows) {
    if (const auto value = number_in(row.impact, key)) values.push_back(*value);
  }
  return common_scale(values, unit);
}

std::string cell(const Row& row, const std::string& key, const Scale& scale,
                 const std::string& caption) {
  return figure_cell(
      figure_in(row.impact, key),
      {.factor = scale.factor, .unknown_reason = "no joules or no factor", .caption = caption});
}

// Money and scores differ in unit from row to row, so the unit stands in the cell.
std::string cell_with_unit(const Json& json, const std::string& key, std::string_view unit,
                           std::string_view per) {
  const std::optional<Figure> figure = figure_in(json, key);
  if (!figure) return unknown_cell("not stated");
  const Scale scale = common_scale({&figure->value, 1}, unit);
  const std::string caption = per.empty() ? scale.unit : str("{} per {}", scale.unit, per);
  return figure_cell(figure, {.factor = scale.factor, .caption = caption});
}

std::string score_cell(const Json& impact) {
  const Json* scores = member(impact, "sci");
  if (scores == nullptr || !scores->is_array() || scores->empty()) {
    return unknown_cell("no unit to divide by");
  }
  const Json& first = scores->front();
  return cell_with_unit(first, "gco2e_per_unit", "g", text_in(first, "unit"));
}

std::string row_text(const Row& row, const Scale& energy, const Scale& carbon) {
  const ledger::RunInfo& info = row.run->info;
  const std::string& name = info.plan.empty() ? info.verb : info.plan;
  return str("<tr data-run=\"{}\"><th scope=\"row\"><span class=\"name\">{} {}</span></th>",
             row.run->id, row.run->id, escape(name)) +
         cell(row, "energy_j", energy,
              str("{}, {}", text_in(row.impact, "quality"), text_in(row.impact, "boundary"))) +
         cell(row, "carbon_gco2e", carbon, text_in(row.impact, "carbon_quality")) +
         cell_with_unit(row.impact, "cost", text_in(row.impact, "currency"), "") +
         score_cell(row.impact) + "</tr>\n";
}

std::string with_std(const Json& json, const std::string& key, std::string_view unit) {
  const std::optional<Figure> figure = figure_in(json, key);
  if (!figure) return "–";
  return (figure->half_width() ? figure_text(*figure) : plain_number(figure->value)) +
         std::string(unit);
}

// "381 ± 58 g/kWh; Germany; 2023; average; lifecycle; Ember …": what is not there is left out.
std::string described(const Json& factor, const std::string& key, std::string_view unit) {
  constexpr std::array<std::string_view, 6> kDetails = {"name", "basis",    "scope",
                                                        "set",  "currency", "source"};
  std::string out = with_std(factor, key, unit);
  if (const auto year = number_in(factor, "year")) out += str("; {:.0f}", *year);
  for (const std::string_view detail : kDetails) {
    const std::string text = text_in(factor, std::string(detail));
    if (!text.empty()) out += "; " + text;
  }
  return out;
}

std::string factor_facts(const Json& factors) {
  std::string out;
  if (const Json* grid = member(factors, "intensity")) {
    out += fact("electricity", described(*grid, "g_per_kwh", " g CO2e/kWh"));
  }
  if (const Json* pue = member(factors, "pue")) out += fact("PUE", described(*pue, "pue", ""));
  if (const Json* water = member(factors, "water")) {
    out += fact("water",
                str("{} L/kWh at the power plants; {}", with_std(*water, "off_site_l_per_kwh", ""),
                    described(*water, "on_site_l_per_kwh", " L/kWh on site")));
  }
  if (const Json* made = member(factors, "embodied")) {
    const double years = number_in(*made, "lifetime_s").value_or(0.0) / (365.0 * 86400.0);
    out += fact("hardware",
                str("{}; over {} years, our share {}", described(*made, "total_gco2e", " g CO2e"),
                    plain_number(years), plain_number(number_in(*made, "share").value_or(0.0))));
  }
  if (const Json* tariff = member(factors, "tariff")) {
    const bool by_time = member(*tariff, "bands") != nullptr;
    out += fact("tariff",
                described(*tariff, "per_kwh", by_time ? " per kWh outside its bands" : " per kWh"));
  }
  return out;
}

std::string notes_fact(const Json& impact) {
  const Json* notes = member(impact, "notes");
  if (notes == nullptr || !notes->is_array()) return {};
  std::string out;
  for (const Json& note : *notes) {
    if (note.is_string()) out += (out.empty() ? "" : "; ") + note.get<std::string>();
  }
  return out.empty() ? out : fact("to know", out);
}

// Each set of factors once, with the runs that it was used for.
std::string provenance(const std::vector<Row>& rows) {
  std::vector<std::pair<std::string, std::string>> sets;
  for (const Row& row : rows) {
    const Json* factors = member(row.impact, "factors");
    if (factors == nullptr) continue;
    const std::string facts = factor_facts(*factors) + notes_fact(row.impact);
    const auto known =
        std::find_if(sets.begin(), sets.end(), [&](const auto& set) { return set.first == facts; });
    if (known != sets.end()) {
      known->second += str(", {}", row.run->id);
    } else if (sets.size() < kMostSets) {
      sets.emplace_back(facts, str("{}", row.run->id));
    }
  }
  std::string out;
  for (const auto& [facts, runs] : sets) {
    out += "<dl class=\"facts\">\n" + fact("factors of run", runs) + facts + "</dl>\n";
  }
  return out;
}

}  // namespace

std::string impact_section(const std::vector<const ledger::Run*>& runs) {
  const std::vector<Row> rows = rows_of(runs);
  if (rows.empty()) return {};
  const Scale energy = scale_of(rows, "energy_j", "J");
  const Scale carbon = scale_of(rows, "carbon_gco2e", "g");
  std::string out = str(
      "<section id=\"impact\">\n<h2>Grams and money</h2>\n<div class=\"scroll\" role=\"region\" "
      "aria-label=\"Table of grams and money\" tabindex=\"0\"><table>\n<thead><tr>"
      "<th scope=\"col\">Run</th><th scope=\"col\">Energy<small>{}</small></th>"
      "<th scope=\"col\">Carbon<small>{} CO2e</small></th><th scope=\"col\">Cost</th>"
      "<th scope=\"col\">Carbon intensity<small>SCI</small></th></tr></thead>\n<tbody>\n",
      energy.unit, carbon.unit);
  for (const Row& row : rows) out += row_text(row, energy, carbon);
  return out + "</tbody></table></div>\n" + provenance(rows) +
         "<p class=\"note\">± is one standard deviation: that of the meter and that of the factors "
         "together. The factors’ part is common to all rows of one set and cancels in their "
         "ratios.</p>\n</section>\n";
}

}  // namespace frugal::report
