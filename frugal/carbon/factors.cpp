#include "frugal/carbon/factors.h"

#include <array>

#include "frugal/base/str.h"

namespace frugal::carbon {

namespace {

constexpr std::array<std::string_view, 2> kBasisNames = {"average", "marginal"};
constexpr std::array<std::string_view, 2> kScopeNames = {"lifecycle", "direct"};
constexpr std::array<std::string_view, 3> kDayNames = {"all", "weekdays", "weekends"};

template <class Enum>
std::optional<Enum> from_name(const std::array<std::string_view, 2>& names, std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

Json to_json(const Pue& pue) {
  return {{"pue", pue.factor.value}, {"pue_std", pue.factor.std}, {"source", pue.source}};
}

Json to_json(const Water& water) {
  return {{"on_site_l_per_kwh", water.on_site.value},
          {"on_site_l_per_kwh_std", water.on_site.std},
          {"off_site_l_per_kwh", water.off_site.value},
          {"off_site_l_per_kwh_std", water.off_site.std},
          {"source", water.source}};
}

Json to_json(const Embodied& embodied) {
  return {{"total_gco2e", embodied.total_g.value},
          {"total_gco2e_std", embodied.total_g.std},
          {"lifetime_s", embodied.lifetime.value()},
          {"share", embodied.share},
          {"source", embodied.source}};
}

Json to_json(const Tariff& tariff) {
  Json json = {
      {"currency", tariff.currency}, {"per_kwh", tariff.per_kwh}, {"source", tariff.source}};
  if (!tariff.by_time()) return json;
  json["utc_offset_min"] = tariff.utc_offset_minutes;
  json["bands"] = Json::array();
  for (const Band& band : tariff.bands) {
    json["bands"].push_back({{"from_min", band.from_minute},
                             {"to_min", band.to_minute},
                             {"days", kDayNames[static_cast<std::size_t>(band.days)]},
                             {"per_kwh", band.per_kwh}});
  }
  return json;
}

}  // namespace

std::string_view basis_name(Basis basis) {
  return kBasisNames[static_cast<std::size_t>(basis)];
}

std::string_view scope_name(Scope scope) {
  return kScopeNames[static_cast<std::size_t>(scope)];
}

std::optional<Basis> basis_from_name(std::string_view name) {
  return from_name<Basis>(kBasisNames, name);
}

std::optional<Scope> scope_from_name(std::string_view name) {
  return from_name<Scope>(kScopeNames, name);
}

Json to_json(const Intensity& intensity) {
  Json json = {{"zone", intensity.zone}, {"name", intensity.name}};
  if (intensity.year != 0) json["year"] = intensity.year;
  json["basis"] = basis_name(intensity.basis);
  json["scope"] = scope_name(intensity.scope);
  json["g_per_kwh"] = intensity.g_per_kwh.value;
  json["g_per_kwh_std"] = intensity.g_per_kwh.std;
  json["set"] = intensity.set;
  json["source"] = intensity.source;
  return json;
}

Json to_json(const FactorSet& set) {
  Json json = Json::object();
  if (set.intensity) json["intensity"] = to_json(*set.intensity);
  if (set.pue) json["pue"] = to_json(*set.pue);
  if (set.water) json["water"] = to_json(*set.water);
  if (set.embodied) json["embodied"] = to_json(*set.embodied);
  if (set.tariff) json["tariff"] = to_json(*set.tariff);
  return json;
}

std::string text_of(const Intensity& intensity) {
  std::string out = intensity.name.empty() ? intensity.zone : intensity.name;
  if (intensity.year != 0) out += str(", {}", intensity.year);
  return str("{}, {:.4g} ± {:.2g} g/kWh ({}, {})", out, intensity.g_per_kwh.value,
             intensity.g_per_kwh.std, basis_name(intensity.basis), scope_name(intensity.scope));
}

}  // namespace frugal::carbon
