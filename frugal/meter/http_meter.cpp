#include "frugal/meter/http_meter.h"

#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

struct Unit {
  std::string_view name;
  ProbeKind kind;
  double in_si;     ///< J or W
  Joules count{0};  ///< the smallest step a counter of this unit is assumed to show
};

constexpr double kWattHour = 3600.0;
constexpr std::array kUnits = {
    Unit{"mW", ProbeKind::kPower, 1e-3},
    Unit{"W", ProbeKind::kPower, 1.0},
    Unit{"kW", ProbeKind::kPower, 1e3},
    Unit{"mJ", ProbeKind::kEnergy, 1e-3, Joules(1e-3)},
    Unit{"J", ProbeKind::kEnergy, 1.0, Joules(1.0)},
    Unit{"kJ", ProbeKind::kEnergy, 1e3, Joules(1e3)},
    Unit{"Wh", ProbeKind::kEnergy, kWattHour, Joules(kWattHour)},
    Unit{"kWh", ProbeKind::kEnergy, 1e3 * kWattHour, Joules(kWattHour)},
};

const Unit& unit_named(const std::string& name) {
  std::string names;
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return unit;
    names += str("{}{}", names.empty() ? "" : ", ", unit.name);
  }
  throw Error(ErrorKind::kInvalidArgument,
              str("meter unit '{}': expected one of {}", printable(name), names));
}

/// Throws what nlohmann throws for a pointer that is none.
Json::json_pointer pointer_of(const std::string& text) {
  try {
    return Json::json_pointer(text);
  } catch (const Json::exception&) {
    throw Error(
        ErrorKind::kInvalidArgument,
        str("meter pointer '{}': expected a JSON pointer such as /power/0/watts", printable(text)));
  }
}

std::optional<double> number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return parse_double(trim(value.get_ref<const std::string&>()));
  return std::nullopt;
}

}  // namespace

ProbeValue fetch_number(const HttpMeterOptions& options, double unit_in_si) {
  constexpr double kMicro = 1e6;
  constexpr double kMost = 9e18;
  const auto none = [](std::string problem) {
    return ProbeValue{.micro = std::nullopt, .problem = std::move(problem)};
  };
  try {
    const Json json = parse_json(options.fetch(options.request), options.request.url);
    const Json::json_pointer pointer = pointer_of(options.pointer);
    if (!json.contains(pointer)) return none(str("the answer has no {}", options.pointer));
    const Json& found = json.at(pointer);
    const std::optional<double> number = number_of(found);
    if (!number) {
      return none(
          str("{} is {}, expected a number", options.pointer, printable(to_line(found), 40)));
    }
    const double micro = kMicro * unit_in_si * *number;
    if (!(micro >= 0.0 && micro < kMost)) {
      return none(str("{} is {:g}, expected 0 or more", options.pointer, *number));
    }
    return {.micro = static_cast<std::uint64_t>(std::llround(micro)), .problem = {}};
  } catch (const Error& error) {  // no answer, or no JSON: a failed sample
    return none(error.what());
  } catch (const Json::exception&) {  // an index that is none, in an array
    return none(str("the answer has no {}", options.pointer));
  }
}

std::unique_ptr<Meter> open_http(const HttpMeterOptions& options) {
  constexpr Seconds kPowerPeriod{1.0};
  constexpr Seconds kEnergyPeriod{10.0};
  constexpr double kPlugDeviation = 0.02;
  constexpr Watts kMostPower{25'000.0};  // a three-phase socket of 32 A
  if (options.request.url.empty() || options.pointer.empty() || !options.fetch) {
    throw Error(ErrorKind::kUnsupported,
                "no meter named: give --meter-url URL, --meter-pointer POINTER and --meter-unit "
                "UNIT, for example http://plug/rpc/Switch.GetStatus?id=0 /apower W");
  }
  const Unit& unit = unit_named(options.unit);
  (void)pointer_of(options.pointer);
  Probe probe;
  probe.domain = "wall";
  probe.boundary = Boundary::kWall;
  probe.kind = unit.kind;
  probe.limits.max_power = kMostPower;
  probe.limits.endless = true;
  probe.limits.count = unit.count;
  probe.update_period = unit.kind == ProbeKind::kPower ? kPowerPeriod : kEnergyPeriod;
  probe.sample_period = kPowerPeriod;
  probe.likely_power = Watts(100.0);
  probe.relative_std = kPlugDeviation;
  probe.read = [options, in_si = unit.in_si] { return fetch_number(options, in_si); };
  const ProbeValue first = probe.read();
  if (!first.micro) throw Error(ErrorKind::kUnsupported, "HTTP meter: " + first.problem);
  return std::make_unique<ProbeMeter>(
      "http",
      str("{} at {} of {}", options.unit, printable(options.pointer),
          printable(options.request.url, 200)),
      std::vector<Probe>{std::move(probe)}, options.clock);
}

}  // namespace frugal::meter
