#include "frugal/meter/powercap.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/powercap_tree.h"
#include "frugal/meter/probe.h"
#include "frugal/meter/small_file.h"

namespace frugal::meter {

namespace {

std::string permission_help(const std::filesystem::path& file) {
  return str(
      "{}: may be read by root only, since fast readers can spy on other programs "
      "(PLATYPUS, CVE-2020-8694); on a machine you trust, until the next boot: "
      "`sudo chmod -R a+r /sys/class/powercap/intel-rapl`",
      file.string());
}

ProbeValue read_counter(NumberFile& counter) {
  SmallNumber number = counter.read();
  if (number.value) return {.micro = number.value, .problem = {}};
  return {.micro = std::nullopt, .problem = "energy_uj " + number.problem};
}

Probe probe_of(const Zone& zone) {
  const auto counter = std::make_shared<NumberFile>(zone.folder / "energy_uj");
  Probe probe{.domain = zone.domain,
              .limits = zone.limits,
              .twin_group = str("{}", static_cast<int>(zone.kind)),
              .read = [counter] { return read_counter(*counter); }};
  if (zone.kind == ZoneKind::kDram) probe.standstill = Standstill::kUnfitted;
  if (zone.disabled) probe.standstill_note = " and the zone is disabled";
  return probe;
}

/// The zones that are added, and what is left out and why.
struct Opened {
  std::vector<Probe> probes;
  std::vector<bool> is_counted;
  std::string added;
  std::string left_out;
};

Opened open_zones(const PowercapTree& tree) {
  Opened opened;
  opened.is_counted.resize(tree.zones.size());
  for (const std::size_t index : tree.counted) {
    const Zone& zone = tree.zones[index];
    const std::filesystem::path counter = zone.folder / "energy_uj";
    const SmallNumber first = read_number(counter);
    if (!first.value && (first.code == EACCES || first.code == EPERM)) {
      throw Error(ErrorKind::kPermission, permission_help(counter));
    }
    if (!first.value && zone.kind != ZoneKind::kDram) {
      throw Error(ErrorKind::kUnsupported, str("{}: {}", counter.string(), first.problem));
    }
    if (!first.value) {
      opened.left_out += str("; left out: {}: energy_uj {}", zone.domain, first.problem);
      continue;
    }
    opened.is_counted[index] = true;
    opened.added += str("{}{}{}", opened.added.empty() ? "" : " + ", zone.domain,
                        zone.disabled ? " (its limit is disabled)" : "");
    opened.probes.push_back(probe_of(zone));
  }
  return opened;
}

}  // namespace

std::unique_ptr<Meter> open_powercap(const std::filesystem::path& root, ClockFn clock) {
  const PowercapTree tree = scan_powercap(root);
  Opened opened = open_zones(tree);
  std::string others;
  for (std::size_t i = 0; i < tree.zones.size(); ++i) {
    if (!opened.is_counted[i]) others += (others.empty() ? "" : ", ") + tree.zones[i].domain;
  }
  std::string text =
      str("RAPL counters of {}: {}", (root / "sys" / "class" / "powercap").string(), opened.added);
  if (!others.empty()) text += "; not added: " + others;
  return std::make_unique<ProbeMeter>("rapl", text + opened.left_out, std::move(opened.probes),
                                      std::move(clock));
}

}  // namespace frugal::meter
