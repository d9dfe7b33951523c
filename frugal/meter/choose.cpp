#include "frugal/meter/choose.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/meter/auto_set.h"
#include "frugal/meter/battery.h"
#include "frugal/meter/http_meter.h"
#include "frugal/meter/hwmon.h"
#include "frugal/meter/ipmi.h"
#include "frugal/meter/machine_file.h"
#include "frugal/meter/nvml.h"
#include "frugal/meter/perf.h"
#include "frugal/meter/powercap.h"
#include "frugal/meter/redfish.h"

namespace frugal::meter {

namespace {

using OpenFn = std::unique_ptr<Meter> (*)(const MeterOptions&, std::string_view argument);

struct Entry {
  std::string_view name;
  Quality quality;  ///< of its readings, at best
  OpenFn open;
};

std::unique_ptr<Meter> perf(const MeterOptions& options, std::string_view /*argument*/) {
  PerfOptions perf_options;
  perf_options.root = options.root;
  return open_perf(perf_options);
}

std::unique_ptr<Meter> rapl(const MeterOptions& options, std::string_view /*argument*/) {
  return open_powercap(options.root);
}

std::unique_ptr<Meter> nvml(const MeterOptions& options, std::string_view /*argument*/) {
  NvmlOptions nvml_options;
  if (!options.nvml_library.empty()) {
    nvml_options.library = options.nvml_library;
  } else if (options.root != "/") {
    throw Error(ErrorKind::kUnsupported,
                "NVML: belongs to this machine and is not looked for under another root");
  }
  return open_nvml(nvml_options);
}

std::unique_ptr<Meter> hwmon(const MeterOptions& options, std::string_view argument) {
  HwmonOptions hwmon_options;
  hwmon_options.root = options.root;
  hwmon_options.chip = argument;
  return open_hwmon(hwmon_options);
}

std::unique_ptr<Meter> battery(const MeterOptions& options, std::string_view /*argument*/) {
  return open_battery(options.root);
}

std::unique_ptr<Meter> ipmi(const MeterOptions& options, std::string_view /*argument*/) {
  IpmiOptions ipmi_options;
  ipmi_options.root = options.root;
  return open_ipmi(ipmi_options);
}

std::unique_ptr<Meter> redfish(const MeterOptions& options, std::string_view /*argument*/) {
  RedfishOptions redfish_options;
  redfish_options.request = options.request;
  redfish_options.fetch = options.fetch;
  return open_redfish(redfish_options);
}

std::unique_ptr<Meter> http(const MeterOptions& options, std::string_view /*argument*/) {
  HttpMeterOptions http_options;
  http_options.request = options.request;
  http_options.pointer = options.pointer;
  http_options.unit = options.unit;
  http_options.fetch = options.fetch;
  return open_http(http_options);
}

std::unique_ptr<Meter> model(const MeterOptions& options, std::string_view /*argument*/) {
  ModelOptions model_options = model_options_of(options);
  if (!model_options.cpu_time.read()) {
    throw Error(ErrorKind::kUnsupported, "the CPU time cannot be read");
  }
  return std::make_unique<ModelMeter>(std::move(model_options));
}

constexpr std::array kEntries = {
    Entry{"perf", Quality::kMeasured, perf},      Entry{"rapl", Quality::kMeasured, rapl},
    Entry{"nvml", Quality::kMeasured, nvml},      Entry{"hwmon", Quality::kMeasured, hwmon},
    Entry{"ipmi", Quality::kDerived, ipmi},       Entry{"battery", Quality::kDerived, battery},
    Entry{"redfish", Quality::kDerived, redfish}, Entry{"http", Quality::kMeasured, http},
    Entry{"model", Quality::kModelled, model},
};

std::unique_ptr<Meter> open_named(const MeterOptions& options) {
  const std::string_view wish = options.name;
  const std::size_t colon = std::min(wish.find(':'), wish.size());
  const std::string_view argument = wish.substr(std::min(colon + 1, wish.size()));
  for (const Entry& entry : kEntries) {
    const bool takes_argument = entry.name == "hwmon";
    if (entry.name == wish.substr(0, colon) && (takes_argument || colon == wish.size())) {
      return entry.open(options, argument);
    }
  }
  throw Error(ErrorKind::kInvalidArgument, str("meter '{}': no such meter, expected {}",
                                               printable(options.name), meter_names()));
}

std::unique_ptr<Meter> open_auto(const MeterOptions& options) {
  return auto_set(options.root, [&options](std::string name) {
    MeterOptions named = options;
    named.name = std::move(name);
    return open_named(named);
  });
}

}  // namespace

std::string meter_names() {
  std::string names = "auto";
  for (const Entry& entry : kEntries) {
    names += entry.name == kEntries.back().name ? " or " : ", ";
    names += entry.name;
  }
  return names;
}

ModelOptions model_options_of(const MeterOptions& options) {
  ModelOptions out;
  if (!options.machine.empty()) {
    const AdaptedMachine machine =
        adapt(load_machine_file(options.machine), this_machine(options.root));
    const Price& busy = machine.file.busy_cpu;
    if (busy.value > 0.0) {
      out.cpu_power = Watts(busy.value);
      out.relative_std = busy.std / busy.value;
    }
    out.idle = machine.file.model[Term::kIdle];
    out.origin = str("{}, calibrated with {}", options.machine.string(), machine.file.meter);
    if (!machine.note.empty()) {
      out.note = str("{}: {}", options.machine.string(), machine.note);
      out.origin += "; " + machine.note;
    }
  }
  if (options.cpu_power) out.cpu_power = *options.cpu_power;
  return out;
}

std::vector<MeterStatus> survey(const MeterOptions& options) {
  std::vector<MeterStatus> rows;
  MeterOptions one = options;
  for (const Entry& entry : kEntries) {
    MeterStatus row{.name = std::string(entry.name)};
    one.name = entry.name;
    try {
      row.detail = open_named(one)->description();
      row.available = true;
      row.quality = entry.quality;
    } catch (const Error& error) {  // an absent counter is an answer here, not a fault
      row.detail = error.what();
    }
    rows.push_back(std::move(row));
  }
  const auto meter = open_auto(options);
  MeterStatus row{.name = "auto", .available = true, .quality = Quality::kMeasured};
  row.detail = str("takes {}: {}", meter->name(), meter->description());
  for (const MeterStatus& other : rows) {
    const std::string names = str("+{}+", meter->name());
    const bool in = names.find(str("+{}+", other.name)) != std::string::npos;
    if (in) row.quality = std::max(row.quality, other.quality);
  }
  rows.push_back(std::move(row));
  return rows;
}

std::unique_ptr<Meter> choose_meter(const MeterOptions& options) {
  (void)model_options_of(options);  // a machine file that cannot be used is told in any case
  return options.name == "auto" ? open_auto(options) : open_named(options);
}

}  // namespace frugal::meter
