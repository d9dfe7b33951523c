#include "frugal/meter/auto_set.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/meter/hwmon.h"
#include "frugal/meter/meter_set.h"
#include "frugal/meter/perf_events.h"
#include "frugal/meter/powercap_tree.h"

// What a machine draws is nested: cores in a package; packages, memory and graphics in the
// platform; the platform in what a power supply or a battery gives.  A set is free of double
// counting when no member lies inside another (an antichain).  From the finest that is complete to
// the coarsest:
//
//   1. RAPL packages and memory, with graphics processors beside them, which they do not contain.
//   2. RAPL's platform domain, alone: on many machines it contains the graphics processor.
//   3. One meter of the whole node, alone.
//   4. The model for the processor, with graphics processors beside it.
//
// Counters of devices come before sensors of the node: they are read in steps of milliseconds and
// joules, a node's in seconds and watts.

namespace frugal::meter {

namespace {

using Parts = std::vector<std::unique_ptr<Meter>>;

/// Nothing where the machine lacks it: `survey` tells why.
std::unique_ptr<Meter> try_open(const OpenNamedFn& open, const std::string& name) {
  try {
    return open(name);
  } catch (const Error&) {
    return nullptr;
  }
}

std::unique_ptr<Meter> try_first(const OpenNamedFn& open,
                                 std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto meter = try_open(open, name)) return meter;
  }
  return nullptr;
}

bool counts_platform(const std::filesystem::path& root, const Meter& rapl) {
  if (rapl.name() == "perf") {
    return scan_power_unit(root).counted.front().name == "energy-psys";
  }
  const PowercapTree tree = scan_powercap(root);
  return tree.zones[tree.counted.front()].kind == ZoneKind::kPsys;
}

/// Graphics processors that no RAPL domain contains.
Parts open_graphics(const std::filesystem::path& root, const OpenNamedFn& open) {
  Parts parts;
  if (auto nvidia = try_open(open, "nvml")) parts.push_back(std::move(nvidia));
  try {
    for (const HwmonChip& chip : scan_hwmon(root)) {
      const bool beside = chip.kind == ChipKind::kGraphics && !chip.integrated;
      auto meter = beside ? try_open(open, "hwmon:" + chip.id) : nullptr;
      if (meter) parts.push_back(std::move(meter));
    }
  } catch (const Error&) {  // a tree that cannot be read shows no processor
    return parts;
  }
  return parts;
}

std::unique_ptr<Meter> open_node(const std::filesystem::path& root, const OpenNamedFn& open) {
  try {
    for (const HwmonChip& chip : scan_hwmon(root)) {
      auto meter = chip.kind == ChipKind::kNode ? try_open(open, "hwmon:" + chip.id) : nullptr;
      if (meter) return meter;
    }
  } catch (const Error&) {  // as above: there may be others
    return try_first(open, {"ipmi", "battery"});
  }
  return try_first(open, {"ipmi", "battery"});
}

std::unique_ptr<Meter> set_of(Parts parts, std::string why) {
  return std::make_unique<MeterSet>(std::move(parts), std::move(why));
}

}  // namespace

std::unique_ptr<Meter> auto_set(const std::filesystem::path& root, const OpenNamedFn& open) {
  Parts parts;
  auto rapl = try_first(open, {"perf", "rapl"});
  if (rapl && counts_platform(root, *rapl)) {
    parts.push_back(std::move(rapl));
    return set_of(std::move(parts),
                  "chosen because the platform's counter is all that RAPL shows; graphics "
                  "processors are not added, it may contain them");
  }
  Parts graphics = open_graphics(root, open);
  if (rapl) {
    const std::string why =
        graphics.empty()
            ? "chosen because these counters overlap with no other; no graphics processor with a "
              "meter beside them"
            : "chosen because RAPL counts processors and memory but no graphics processor; meters "
              "of the whole machine contain all of it and are not added";
    parts.push_back(std::move(rapl));
    std::move(graphics.begin(), graphics.end(), std::back_inserter(parts));
    return set_of(std::move(parts), why);
  }
  if (auto node = open_node(root, open)) {
    parts.push_back(std::move(node));
    return set_of(std::move(parts),
                  "chosen because no processor counter can be read; it is for the whole machine, "
                  "so nothing is added");
  }
  parts.push_back(open("model"));
  const std::string why = graphics.empty()
                              ? "chosen because no meter can be read: `frugal info` says what each "
                                "would need"
                              : "the processor is modelled because no counter of it can be read: "
                                "`frugal info` says what it would need";
  std::move(graphics.begin(), graphics.end(), std::back_inserter(parts));
  return set_of(std::move(parts), why);
}

}  // namespace frugal::meter
