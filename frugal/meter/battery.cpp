#include "frugal/meter/battery.h"

#include <algorithm>
#include <cmath>
#include <system_error>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/probe.h"
#include "frugal/meter/small_file.h"

namespace frugal::meter {

namespace {

constexpr std::size_t kMaxEntries = 256;
constexpr Seconds kUpdatePeriod{5.0};
constexpr Seconds kSamplePeriod{1.0};
constexpr double kGaugeDeviation = 0.05;
constexpr Watts kLikelyPower{15.0};
constexpr Watts kMostPower{1000.0};

std::string word_of(const std::filesystem::path& file) {
  const SmallFile found = read_prefix(file);
  return found.text ? printable(trim(*found.text), 40) : "";
}

/// A battery of the machine, not of a mouse.
bool is_battery(const std::filesystem::path& folder) {
  return word_of(folder / "type") == "Battery" && word_of(folder / "scope") != "Device";
}

/// Some drivers count a discharge as negative.
std::optional<double> magnitude(const std::filesystem::path& file) {
  const SmallFile found = read_prefix(file);
  if (!found.text) return std::nullopt;
  const auto number = parse_int(trim(*found.text));
  if (!number) return std::nullopt;
  return std::abs(static_cast<double>(*number));
}

ProbeValue read_power(const std::filesystem::path& folder) {
  constexpr double kMicro = 1e-6;
  constexpr double kMost = 1e15;
  const std::string status = word_of(folder / "status");
  if (status != "Discharging") {
    return {.micro = std::nullopt,
            .problem = str("status is '{}', expected Discharging (unplug the machine)", status)};
  }
  std::optional<double> power_uw = magnitude(folder / "power_now");
  if (!power_uw) {
    const auto voltage_uv = magnitude(folder / "voltage_now");
    const auto current_ua = magnitude(folder / "current_now");
    if (voltage_uv && current_ua) power_uw = kMicro * *voltage_uv * *current_ua;
  }
  if (!power_uw || *power_uw > kMost) {
    return {.micro = std::nullopt, .problem = "power_now holds no power, nor voltage and current"};
  }
  if (*power_uw == 0.0) {
    return {.micro = std::nullopt, .problem = "shows 0 W, expected what the machine draws"};
  }
  return {.micro = static_cast<std::uint64_t>(std::llround(*power_uw)), .problem = {}};
}

std::vector<std::filesystem::path> find_batteries(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code fault;
  std::filesystem::directory_iterator entry(folder, fault);
  std::size_t entries = 0;
  while (!fault && entry != std::filesystem::directory_iterator()) {
    if (++entries > kMaxEntries) {
      throw Error(ErrorKind::kUnsupported,
                  str("{}: more than {} entries, expected the few of a real machine",
                      folder.string(), kMaxEntries));
    }
    if (is_battery(entry->path())) found.push_back(entry->path());
    entry.increment(fault);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Probe probe_of(const std::filesystem::path& folder) {
  Probe probe;
  probe.domain = str("battery-{}", printable(folder.filename().string(), 40));
  probe.boundary = Boundary::kHost;
  probe.kind = ProbeKind::kPower;
  probe.limits.max_power = kMostPower;
  probe.update_period = kUpdatePeriod;
  probe.sample_period = kSamplePeriod;
  probe.likely_power = kLikelyPower;
  probe.relative_std = kGaugeDeviation;
  probe.read = [folder] { return read_power(folder); };
  return probe;
}

}  // namespace

std::unique_ptr<Meter> open_battery(const std::filesystem::path& root, ClockFn clock) {
  const std::filesystem::path folder = root / "sys" / "class" / "power_supply";
  std::vector<Probe> probes;
  std::string added;
  std::string others;
  for (const std::filesystem::path& path : find_batteries(folder)) {
    Probe probe = probe_of(path);
    const ProbeValue first = probe.read();
    if (!first.micro) {
      others += str("{}{}: {}", others.empty() ? "" : "; ", probe.domain, first.problem);
      continue;
    }
    added += str("{}{}", added.empty() ? "" : " + ", probe.domain);
    probes.push_back(std::move(probe));
  }
  if (probes.empty()) {
    throw Error(ErrorKind::kUnsupported,
                str("{}: {}", folder.string(), others.empty() ? "no battery" : others));
  }
  return std::make_unique<ProbeMeter>("battery", str("power drawn from {}", added),
                                      std::move(probes), std::move(clock));
}

}  // namespace frugal::meter
