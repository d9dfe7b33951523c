#include "frugal/meter/perf.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <system_error>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/perf_events.h"
#include "frugal/meter/probe.h"
#include "frugal/meter/small_file.h"

namespace frugal::meter {

namespace {

constexpr Joules kRegisterStep{61e-6};

[[noreturn]] void refuse(const PerfOptions& options, const PowerEvent& event, int code) {
  if (code != EACCES && code != EPERM) {
    throw Error(ErrorKind::kUnsupported, str("perf_event {} on CPU {}: {}", event.name, event.cpu,
                                             std::generic_category().message(code)));
  }
  const SmallFile paranoid = read_prefix(options.root / "proc/sys/kernel/perf_event_paranoid");
  throw Error(ErrorKind::kPermission,
              str("perf_event {}: {} (kernel.perf_event_paranoid is {}): "
                  "`sudo setcap cap_perfmon+ep $(command -v frugal)`, or for everybody until the "
                  "next boot `sudo sysctl kernel.perf_event_paranoid=0`",
                  event.name, std::generic_category().message(code),
                  paranoid.text ? printable(trim(*paranoid.text), 12) : "unknown"));
}

Probe probe_of(const PowerEvent& event, PerfCounter counter) {
  Probe probe;
  probe.domain = event.domain;
  probe.limits.endless = true;
  probe.limits.count = kRegisterStep;
  probe.twin_group = event.name;
  if (event.name == "energy-ram") probe.standstill = Standstill::kUnfitted;
  probe.read = [read = std::move(counter.read),
                scale_uj = 1e6 * event.joules_per_count]() -> ProbeValue {
    constexpr double kMost = 9e18;
    const std::optional<std::uint64_t> count = read();
    if (!count) return {.micro = std::nullopt, .problem = "the counter cannot be read"};
    const double energy_uj = scale_uj * static_cast<double>(*count);
    if (energy_uj > kMost) return {.micro = std::nullopt, .problem = "the counter is out of range"};
    return {.micro = static_cast<std::uint64_t>(std::llround(energy_uj)), .problem = {}};
  };
  return probe;
}

/// Owns a perf_event descriptor.
class PerfDescriptor {
 public:
  explicit PerfDescriptor(int number) : number_(number) {}
  ~PerfDescriptor() { ::close(number_); }
  PerfDescriptor(const PerfDescriptor&) = delete;
  PerfDescriptor& operator=(const PerfDescriptor&) = delete;

  [[nodiscard]] std::optional<std::uint64_t> count() const {
    std::uint64_t value = 0;
    ssize_t got = 0;
    do {
      got = ::read(number_, &value, sizeof value);
    } while (got < 0 && errno == EINTR);
    return got == sizeof value ? std::optional(value) : std::nullopt;
  }

 private:
  int number_;
};

/// The number that the kernel gave to the unit is an index into this kernel: one that a copied or
/// made-up tree names could be any other counter.
void check_is_of_this_kernel(const PerfOptions& options, std::uint32_t type) {
  if (options.root == "/" || !options.open.target<PerfCounter (*)(const PerfEvent&)>()) return;
  const auto own = read_number("/sys/bus/event_source/devices/power/type").value;
  if (own && *own == type) return;
  throw Error(ErrorKind::kUnsupported,
              str("{}: describes another machine's counters, which cannot be opened here",
                  (options.root / "sys/bus/event_source/devices/power").string()));
}

}  // namespace

PerfCounter open_perf_counter(const PerfEvent& event) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = event.type;
  attributes.config = event.config;
  const auto number = static_cast<int>(
      syscall(SYS_perf_event_open, &attributes, -1, event.cpu, -1, PERF_FLAG_FD_CLOEXEC));
  if (number < 0) return {.read = {}, .code = errno};
  const auto descriptor = std::make_shared<const PerfDescriptor>(number);
  return {.read = [descriptor] { return descriptor->count(); }, .code = 0};
}

std::unique_ptr<Meter> open_perf(const PerfOptions& options) {
  const PowerUnit unit = scan_power_unit(options.root);
  check_is_of_this_kernel(options, unit.counted.front().type);
  std::vector<Probe> probes;
  std::string added;
  for (const PowerEvent& event : unit.counted) {
    PerfCounter counter =
        options.open({.type = event.type, .config = event.config, .cpu = event.cpu});
    if (!counter.read) refuse(options, event, counter.code);
    added += str("{}{}", added.empty() ? "" : " + ", event.domain);
    probes.push_back(probe_of(event, std::move(counter)));
  }
  std::string others;
  for (const std::string& name : unit.not_counted) {
    others += str("{}{}", others.empty() ? "; not added: " : ", ", name);
  }
  return std::make_unique<ProbeMeter>("perf",
                                      str("RAPL counters through perf_event: {}{}", added, others),
                                      std::move(probes), options.clock);
}

}  // namespace frugal::meter
