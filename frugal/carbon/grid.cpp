#include "frugal/carbon/grid.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "frugal/base/edit_distance.h"
#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/carbon/factor_file.h"
#include "frugal/carbon/grid_tables.h"

namespace frugal::carbon {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_zone(const Intensity& zone, const std::string& wanted) {
  if (lower(zone.zone) == wanted || lower(zone.name) == wanted) return true;
  return !zone.also.empty() && lower(zone.also) == wanted;
}

// The latest of those that fit; of one year, the first.
const Intensity* best(std::span<const Intensity> zones, const ZoneQuery& query) {
  const std::string wanted = lower(query.zone);
  const Intensity* found = nullptr;
  for (const Intensity& zone : zones) {
    if (zone.basis != query.basis || zone.scope != query.scope) continue;
    if (query.year && zone.year != *query.year) continue;
    if (!is_zone(zone, wanted)) continue;
    if (found == nullptr || zone.year > found->year) found = &zone;
  }
  return found;
}

// "average lifecycle 2023, average lifecycle 2021".
std::string kinds_of(std::span<const Intensity> own, const std::string& wanted) {
  std::string out;
  for (const std::span<const Intensity> zones : {own, std::span(shipped_zones())}) {
    for (const Intensity& zone : zones) {
      if (!is_zone(zone, wanted)) continue;
      out += str("{}{} {} {}", out.empty() ? "" : ", ", basis_name(zone.basis),
                 scope_name(zone.scope), zone.year);
    }
  }
  return out;
}

// At most three, "DE (Germany)", nearest first; codes must be nearer than names to count.
std::string nearest(std::span<const Intensity> own, const std::string& wanted) {
  constexpr std::size_t kMost = 3;
  constexpr std::size_t kLongest = 64;  // of a name worth comparing
  std::set<std::pair<std::size_t, std::string>> found;
  if (wanted.size() > kLongest) return {};
  for (const std::span<const Intensity> zones : {own, std::span(shipped_zones())}) {
    for (const Intensity& zone : zones) {
      const std::size_t by_code = edit_distance(lower(zone.zone), wanted);
      const std::size_t by_name = edit_distance(lower(zone.name), wanted);
      const bool near = by_code <= 1 || by_name <= std::max<std::size_t>(1, wanted.size() / 3);
      if (near) {
        found.emplace(std::min(by_code, by_name), str("{} ({})", zone.zone, zone.name));
      }
    }
  }
  std::vector<std::string> names;
  for (const auto& [distance, name] : found) {
    if (names.size() == kMost) break;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return str("{}", fmt::join(names, ", "));
}

struct Fuel {
  std::string_view name;
  // g/kWh; below 0: the set does not know it.
  double maps;
  double maps_direct;
  double codecarbon;
};

constexpr std::array<Fuel, 11> kFuels = {{{"coal", 820.0, 760.0, 995.0},
                                          {"gas", 490.0, 370.0, 743.0},
                                          {"oil", 650.0, 406.0, 816.0},
                                          {"nuclear", 12.0, 0.0, 29.0},
                                          {"hydro", 24.0, 0.0, 26.0},
                                          {"wind", 11.0, 0.0, 26.0},
                                          {"solar", 45.0, 0.0, 48.0},
                                          {"geothermal", 38.0, 0.0, 38.0},
                                          {"biomass", 230.0, -1.0, -1.0},
                                          {"fossil", -1.0, -1.0, 635.0},
                                          {"unknown", 700.0, 575.0, -1.0}}};

double of_set(const Fuel& fuel, FuelSet set) {
  if (set == FuelSet::kCodecarbon) return fuel.codecarbon;
  return set == FuelSet::kElectricityMaps ? fuel.maps : fuel.maps_direct;
}

const Fuel& fuel_named(const std::string& name, FuelSet set) {
  std::vector<std::string_view> known;
  for (const Fuel& fuel : kFuels) {
    if (of_set(fuel, set) < 0.0) continue;
    if (fuel.name == name || (fuel.name == "oil" && name == "petroleum")) return fuel;
    known.push_back(fuel.name);
  }
  throw Error(ErrorKind::kNotFound, str("fuel '{}': not in the set, expected one of: {}",
                                        printable(name), fmt::join(known, ", ")));
}

void check_share(const std::string& name, double share) {
  if (share >= 0.0 && share <= 1.0) return;  // also for NaN
  throw Error(ErrorKind::kInvalidArgument,
              str("fuel '{}': share {}, expected 0 to 1", printable(name), share));
}

}  // namespace

const std::vector<Intensity>& shipped_zones() {
  static const std::vector<Intensity> zones = [] {
    std::vector<Intensity> all;
    for (const GridTable& table : grid_tables()) {
      const FactorFile file = parse_factor_file(table.text, std::string(table.name));
      all.insert(all.end(), file.zones.begin(), file.zones.end());
    }
    return all;
  }();
  return zones;
}

Intensity find_zone(std::span<const Intensity> own, const ZoneQuery& query) {
  if (const Intensity* found = best(own, query)) return *found;
  if (const Intensity* found = best(shipped_zones(), query)) return *found;
  const std::string wanted = lower(query.zone);
  const std::string has = kinds_of(own, wanted);
  if (!has.empty()) {
    throw Error(ErrorKind::kNotFound,
                str("zone '{}': no {} {} factor{}, expected one of: {}", printable(query.zone),
                    basis_name(query.basis), scope_name(query.scope),
                    query.year ? str(" of {}", *query.year) : "", has));
  }
  const std::string near = nearest(own, wanted);
  throw Error(ErrorKind::kNotFound,
              str("zone '{}': in no table, expected a code or name that frugal carbon --zones "
                  "lists{}",
                  printable(query.zone), near.empty() ? "" : str("; did you mean {}?", near)));
}

Intensity mix_of(const std::map<std::string, double>& shares, FuelSet set) {
  constexpr double kRounding = 0.001;
  constexpr double kAssumed = 0.15;
  double whole = 0.0;
  double grams = 0.0;
  double difference = 0.0;
  bool both = set != FuelSet::kElectricityMapsDirect;
  std::vector<std::string> parts;
  for (const auto& [name, share] : shares) {
    check_share(name, share);
    const Fuel& fuel = fuel_named(name, set);
    whole += share;
    grams += share * of_set(fuel, set);
    difference += share * (fuel.codecarbon - fuel.maps);
    both = both && fuel.codecarbon >= 0.0 && fuel.maps >= 0.0;
    parts.push_back(str("{} {:.3g} %", fuel.name, 100.0 * share));
  }
  if (std::abs(whole - 1.0) > kRounding) {
    throw Error(ErrorKind::kInvalidArgument,
                str("mix: shares add up to {:.4g}, expected 1", whole));
  }
  const bool maps = set != FuelSet::kCodecarbon;
  return {.zone = "mix",
          .name = str("{}", fmt::join(parts, ", ")),
          .basis = Basis::kAverage,
          .scope = set == FuelSet::kElectricityMapsDirect ? Scope::kDirect : Scope::kLifecycle,
          .g_per_kwh = {.value = grams, .std = both ? std::abs(difference) / 2 : kAssumed * grams},
          .set = maps ? "Electricity Maps, per fuel" : "CodeCarbon 3.3.0, per fuel",
          .source = maps ? "electricitymaps-contrib, config/defaults.yaml"
                         : "CodeCarbon 3.3.0, carbon_intensity_per_source.json"};
}

}  // namespace frugal::carbon
