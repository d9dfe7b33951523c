#include "frugal/meter/nvml.h"

#include <algorithm>
#include <set>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/nvml_library.h"
#include "frugal/meter/probe.h"

namespace frugal::meter {

namespace {

constexpr Seconds kCounterPeriod{0.1};
constexpr Seconds kSensorPeriod{1.0};
constexpr double kSensorDeviation = 0.05;
constexpr Watts kLikelyPower{100.0};
constexpr Watts kMostPower{3000.0};  // of one processor, where its limit is not told
constexpr double kLimitMargin = 1.5;
constexpr Joules kCount{1e-3};

/// "GPU-5f0a1b2c-…" -> "gpu-5f0a1b2c"; the index where there is no such UUID.
std::string domain_of(const NvmlDevice& device) {
  constexpr std::string_view kForm = "GPU-";
  constexpr std::size_t kDigits = 8;
  const bool usual = device.uuid.starts_with(kForm) && device.uuid.size() >= kForm.size() + kDigits;
  if (!usual) return str("gpu-{}", device.index);
  return "gpu-" + device.uuid.substr(kForm.size(), kDigits);
}

Probe probe_of(const std::shared_ptr<const NvmlLibrary>& library, const NvmlDevice& device) {
  const unsigned index = device.index;
  Probe probe;
  probe.domain = domain_of(device);
  probe.likely_power = kLikelyPower;
  const auto limit = library->max_power(index);
  probe.limits.max_power = limit ? std::min(kLimitMargin * *limit, kMostPower) : kMostPower;
  if (device.mig) probe.note = "MIG is on: all instances of this GPU together";
  if (library->energy(index).micro) {
    probe.limits.endless = true;
    probe.limits.count = kCount;
    probe.update_period = kCounterPeriod;
    probe.read = [library, index] { return library->energy(index); };
    return probe;
  }
  probe.kind = ProbeKind::kPower;
  probe.update_period = kSensorPeriod;
  probe.relative_std = kSensorDeviation;
  probe.read = [library, index] { return library->power(index); };
  return probe;
}

}  // namespace

std::unique_ptr<Meter> open_nvml(const NvmlOptions& options) {
  const auto library = std::make_shared<const NvmlLibrary>(options.library);
  std::vector<Probe> probes;
  std::string text = "NVIDIA: ";
  std::set<std::string> taken;
  for (unsigned i = 0; i < library->device_count(); ++i) {
    const NvmlDevice device = library->device(i);
    Probe probe = probe_of(library, device);
    const ProbeValue first = probe.read();
    if (!first.micro) {
      throw Error(ErrorKind::kUnsupported, str("NVML: GPU {} ({}) shows neither energy nor power: "
                                               "{}",
                                               i, device.name, first.problem));
    }
    if (!taken.insert(probe.domain).second) probe.domain += str("@{}", i);
    text += str("{}{} ({}, {}, {}{})", probes.empty() ? "" : " + ", probe.domain, device.name,
                device.uuid.empty() ? "no UUID" : device.uuid,
                probe.kind == ProbeKind::kEnergy ? "energy counter" : "power sensor",
                device.mig ? ", divided by MIG" : "");
    probes.push_back(std::move(probe));
  }
  if (probes.empty()) throw Error(ErrorKind::kUnsupported, "NVML: no GPU on this machine");
  return std::make_unique<ProbeMeter>("nvml", std::move(text), std::move(probes), options.clock);
}

}  // namespace frugal::meter
