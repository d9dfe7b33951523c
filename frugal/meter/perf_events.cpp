#include "frugal/meter/perf_events.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/small_file.h"

namespace frugal::meter {

namespace {

struct EventKind {
  std::string_view event;
  std::string_view domain;
};
constexpr EventKind kPackage{"energy-pkg", "package"};
constexpr EventKind kDram{"energy-ram", "dram"};
constexpr EventKind kPsys{"energy-psys", "psys"};
constexpr std::array<std::string_view, 5> kAllEvents = {"energy-pkg", "energy-ram", "energy-psys",
                                                        "energy-cores", "energy-gpu"};

[[noreturn]] void refuse(const std::filesystem::path& file, std::string_view found,
                         std::string_view expected) {
  throw Error(ErrorKind::kUnsupported,
              str("{}: '{}', expected {}", file.string(), printable(trim(found), 40), expected));
}

std::string text_of(const std::filesystem::path& file, std::string_view expected) {
  const SmallFile found = read_prefix(file);
  if (!found.text) refuse(file, "nothing to read", expected);
  return std::string(trim(*found.text));
}

/// "event=0x02" -> 2.  The unit has no other field.
std::uint64_t event_config(const std::filesystem::path& file) {
  constexpr std::string_view kForm = "event=0x";
  constexpr int kHex = 16;
  const std::string text = text_of(file, "event=0x…");
  std::uint64_t config = 0;
  if (text.starts_with(kForm)) {
    const char* begin = text.data() + kForm.size();
    const char* end = text.data() + text.size();
    const auto [rest, fault] = std::from_chars(begin, end, config, kHex);
    if (fault == std::errc() && rest == end && begin != end) return config;
  }
  refuse(file, text, "event=0x…");
}

double joules_per_count(const std::filesystem::path& folder, std::string_view event) {
  const std::filesystem::path unit = folder / str("{}.unit", event);
  const std::string name = text_of(unit, "Joules");
  if (name != "Joules") refuse(unit, name, "Joules");
  const std::filesystem::path scale = folder / str("{}.scale", event);
  const std::string text = text_of(scale, "joules a count, above 0 and at most 1");
  const auto number = parse_double(text);
  if (!number || !(*number > 0.0 && *number <= 1.0)) {
    refuse(scale, text, "joules a count, above 0 and at most 1");
  }
  return *number;
}

std::string package_of(const std::filesystem::path& root, int cpu, std::size_t ordinal) {
  const auto id = read_number(root / "sys" / "devices" / "system" / "cpu" / str("cpu{}", cpu) /
                              "topology" / "physical_package_id")
                      .value;
  return str("{}", id ? *id : ordinal);
}

bool has_event(const std::filesystem::path& folder, std::string_view event) {
  return read_prefix(folder / event).text.has_value();
}

}  // namespace

std::vector<int> parse_cpu_list(std::string_view text) {
  constexpr std::size_t kMost = 256;
  constexpr std::int64_t kHighest = 65'535;
  std::vector<int> cpus;
  for (const std::string_view part : split(trim(text), ',')) {
    const std::size_t dash = part.find('-');
    const auto first = parse_int(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_int(part.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last > kHighest) return {};
    if (static_cast<std::size_t>(*last - *first) >= kMost - cpus.size()) return {};
    for (std::int64_t cpu = *first; cpu <= *last; ++cpu) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

PowerUnit scan_power_unit(const std::filesystem::path& root) {
  const std::filesystem::path folder = root / "sys" / "bus" / "event_source" / "devices" / "power";
  const SmallNumber type = read_number(folder / "type");
  if (!type.value) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: {}: the kernel shows no RAPL counters (virtual machines have none; on a "
                    "real one: `sudo modprobe rapl`)",
                    (folder / "type").string(), type.problem));
  }
  const std::vector<int> cpus = parse_cpu_list(text_of(folder / "cpumask", "a list of CPUs"));
  if (cpus.empty()) refuse(folder / "cpumask", "", "a list of CPUs");
  const std::filesystem::path events = folder / "events";
  const bool has_package = has_event(events, kPackage.event);
  std::vector<EventKind> kinds = {kPackage};
  if (has_package && has_event(events, kDram.event)) kinds.push_back(kDram);
  if (!has_package) kinds = {kPsys};

  PowerUnit unit;
  std::set<std::string> taken;
  for (const EventKind kind : kinds) {
    const std::uint64_t config = event_config(events / kind.event);
    const double joules = joules_per_count(events, kind.event);
    for (std::size_t i = 0; i < cpus.size(); ++i) {
      std::string domain = str("{}-{}", kind.domain, package_of(root, cpus[i], i));
      if (kind.event == kPsys.event) domain = kPsys.domain;
      if (!taken.insert(domain).second) domain += str("@cpu{}", cpus[i]);
      unit.counted.push_back({.domain = std::move(domain),
                              .name = std::string(kind.event),
                              .type = static_cast<std::uint32_t>(*type.value),
                              .config = config,
                              .cpu = cpus[i],
                              .joules_per_count = joules});
      if (kind.event == kPsys.event) break;  // one platform, whatever the CPU
    }
  }
  for (const std::string_view event : kAllEvents) {
    const bool counted = std::any_of(kinds.begin(), kinds.end(),
                                     [&](const EventKind& kind) { return kind.event == event; });
    if (!counted && has_event(events, event)) unit.not_counted.emplace_back(event);
  }
  return unit;
}

}  // namespace frugal::meter
