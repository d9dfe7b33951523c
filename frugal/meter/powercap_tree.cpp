#include "frugal/meter/powercap_tree.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <system_error>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/small_file.h"

// Zones overlap: a package contains its cores, psys contains everything.  Adding all of them counts
// a joule two or three times.  The `name` file says what a zone is; its place in the tree does not
// (DRAM is listed inside a package and measures outside of it).  So the sum is over packages and
// DRAM, each below no other of its kind, or over one psys where there is no package.
//
// Real trees show a nested zone twice, as a link in the class folder and inside its parent; test
// trees often only inside.  Both are visited and a zone is known by its number.  A child's name
// must begin with its parent's, so a cycle of links ends by itself.

namespace frugal::meter {

namespace {

using Number = std::vector<std::uint32_t>;  ///< {0, 1} for intel-rapl:0:1
using Found = std::map<Number, std::filesystem::path>;

constexpr std::size_t kMaxEntries = 1024;  // of one folder
constexpr std::size_t kMaxZones = 256;     // 16 sockets have fewer than 80
constexpr std::size_t kMaxDepth = 4;
constexpr Watts kMostPower{1500.0};
constexpr Watts kLeastPower{50.0};
constexpr double kLimitMargin = 1.5;                    // short peaks above the set limit
constexpr std::uint64_t kLeastRangeUj = 1'000'000'000;  // 1 kJ: below the smallest RAPL range

/// "intel-rapl:0:1" -> {0, 1} for the control type "intel-rapl".
std::optional<Number> zone_number(std::string_view name, std::string_view control) {
  constexpr std::size_t kMaxDigits = 6;
  if (!name.starts_with(control)) return std::nullopt;
  name.remove_prefix(control.size());
  if (!name.starts_with(':') || name.ends_with(':')) return std::nullopt;
  Number number;
  for (const std::string_view part : split(name.substr(1), ':')) {
    const bool digits = !part.empty() && part.size() <= kMaxDigits &&
                        part.find_first_not_of("0123456789") == std::string_view::npos;
    if (!digits || number.size() == kMaxDepth) return std::nullopt;
    number.push_back(static_cast<std::uint32_t>(*parse_int(part)));
  }
  return number.empty() ? std::nullopt : std::optional(std::move(number));
}

bool is_below(const Number& inner, const Number& outer) {
  return inner.size() > outer.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

/// Adds the zones listed in `folder` that lie below `parent`.  Returns why the folder could not be
/// listed, if so.
std::error_code collect(const std::filesystem::path& folder, std::string_view control,
                        const Number& parent, Found& found) {
  std::error_code fault;
  std::filesystem::directory_iterator entry(folder, fault);
  std::size_t entries = 0;
  while (!fault && entry != std::filesystem::directory_iterator()) {
    if (++entries > kMaxEntries || found.size() > kMaxZones) {
      throw Error(ErrorKind::kUnsupported,
                  str("{}: more than {} entries or {} zones, expected the few of a real machine",
                      folder.string(), kMaxEntries, kMaxZones));
    }
    const auto number = zone_number(entry->path().filename().string(), control);
    if (number && is_below(*number, parent)) found.try_emplace(*number, entry->path());
    entry.increment(fault);
  }
  return fault;
}

Found find_zones(const std::filesystem::path& folder, std::string_view control) {
  Found found;
  if (const std::error_code fault = collect(folder, control, {}, found)) {
    const bool refused = fault.value() == EACCES || fault.value() == EPERM;
    throw Error(refused ? ErrorKind::kPermission : ErrorKind::kUnsupported,
                str("{}: {}: this machine or container shows no RAPL counters (virtual machines "
                    "have none, Docker hides them)",
                    folder.string(), fault.message()));
  }
  std::set<Number> visited;
  for (std::size_t depth = 1; depth < kMaxDepth; ++depth) {
    const Found level = found;
    for (const auto& [number, path] : level) {
      if (number.size() != depth || !visited.insert(number).second) continue;
      (void)collect(path, control, number, found);  // a zone that cannot be listed has no children
    }
  }
  return found;
}

Watts plausible_power(const std::filesystem::path& folder) {
  constexpr int kConstraints = 4;
  constexpr double kMicro = 1e-6;
  double limit_w = 0.0;
  for (int i = 0; i < kConstraints; ++i) {
    const auto limit = read_number(folder / str("constraint_{}_power_limit_uw", i)).value;
    if (!limit) break;
    limit_w = std::max(limit_w, kMicro * static_cast<double>(*limit));
  }
  if (limit_w <= 0.0) return kMostPower;
  return std::clamp(Watts(kLimitMargin * limit_w), kLeastPower, kMostPower);
}

Zone read_zone(const std::filesystem::path& folder) {
  Zone zone;
  zone.id = folder.filename().string();
  zone.folder = folder;
  const SmallFile name = read_prefix(folder / "name");
  if (name.text) {
    zone.kind = zone_kind(trim(*name.text));
    zone.name = printable(trim(*name.text), 40);
  }
  const auto enabled = read_number(folder / "enabled").value;
  zone.disabled = enabled && *enabled == 0;
  const auto range = read_number(folder / "max_energy_range_uj").value;
  if (range && *range >= kLeastRangeUj) zone.limits.modulus_uj = counter_modulus(*range);
  zone.limits.max_power = enabled && *enabled == 1 ? plausible_power(folder) : kMostPower;
  return zone;
}

/// Whether a zone of the same kind contains this one.
bool inside_same_kind(const std::vector<Zone>& zones, std::size_t index) {
  std::optional<std::size_t> outer = zones[index].parent;
  while (outer) {
    if (zones[*outer].kind == zones[index].kind) return true;
    outer = zones[*outer].parent;
  }
  return false;
}

std::vector<std::size_t> antichain(const std::vector<Zone>& zones) {
  const auto is_package = [](const Zone& zone) { return zone.kind == ZoneKind::kPackage; };
  const bool has_package = std::any_of(zones.begin(), zones.end(), is_package);
  std::vector<std::size_t> counted;
  for (std::size_t i = 0; i < zones.size(); ++i) {
    const ZoneKind kind = zones[i].kind;
    const bool part = kind == ZoneKind::kPackage || kind == ZoneKind::kDram;
    if (has_package && part && !inside_same_kind(zones, i)) counted.push_back(i);
    if (!has_package && kind == ZoneKind::kPsys && counted.empty()) counted.push_back(i);
  }
  return counted;
}

/// "dram" inside "package-1" is "dram-1"; a name met before gets its zone's id.
void name_domains(std::vector<Zone>& zones) {
  std::set<std::string> taken;
  for (Zone& zone : zones) {
    zone.domain = zone.name.empty() ? zone.id : zone.name;
    const bool numbered = zone.parent && zones[*zone.parent].name.starts_with("package-");
    if (numbered) zone.domain += zones[*zone.parent].name.substr(std::string("package").size());
    if (taken.insert(zone.domain).second) continue;
    zone.domain += str("@{}", zone.id);
    taken.insert(zone.domain);
  }
}

[[noreturn]] void no_package(const std::vector<Zone>& zones) {
  constexpr std::size_t kShown = 5;
  std::string names;
  for (std::size_t i = 0; i < std::min(zones.size(), kShown); ++i) {
    names += str("{}{} is '{}'", i == 0 ? "" : ", ", zones[i].id, zones[i].name);
  }
  throw Error(ErrorKind::kUnsupported,
              str("{}: {}, expected a zone whose name is package-… or psys",
                  zones.front().folder.parent_path().string(), names));
}

}  // namespace

ZoneKind zone_kind(std::string_view name) {
  if (name == "package" || name.starts_with("package-")) return ZoneKind::kPackage;
  if (name == "dram") return ZoneKind::kDram;
  if (name == "core") return ZoneKind::kCore;
  if (name == "uncore") return ZoneKind::kUncore;
  if (name == "psys" || name.starts_with("psys-")) return ZoneKind::kPsys;
  return ZoneKind::kOther;
}

PowercapTree scan_powercap(const std::filesystem::path& root) {
  const std::filesystem::path folder = root / "sys" / "class" / "powercap";
  Found found = find_zones(folder, "intel-rapl");
  if (found.empty()) found = find_zones(folder, "intel-rapl-mmio");
  if (found.empty()) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: no intel-rapl zone: the processor has no RAPL counters, or their driver "
                    "is not loaded (`sudo modprobe intel_rapl_msr`)",
                    folder.string()));
  }
  PowercapTree tree;
  std::map<Number, std::size_t> index;
  for (const auto& [number, path] : found) {
    Zone zone = read_zone(path);
    const auto parent = index.find(Number(number.begin(), number.end() - 1));
    if (parent != index.end()) zone.parent = parent->second;
    index.emplace(number, tree.zones.size());
    tree.zones.push_back(std::move(zone));
  }
  name_domains(tree.zones);
  tree.counted = antichain(tree.zones);
  if (tree.counted.empty()) no_package(tree.zones);
  return tree;
}

}  // namespace frugal::meter
