#include "frugal/meter/redfish.h"

#include <optional>
#include <string>
#include <vector>

#include "frugal/base/error.h"
#include "frugal/base/json.h"
#include "frugal/base/str.h"
#include "frugal/meter/http_meter.h"

namespace frugal::meter {

namespace {

constexpr Seconds kDiscovery{10.0};
constexpr std::size_t kMostChassis = 16;

/// A number below the controller.
struct Sensor {
  std::string path;     ///< "/redfish/v1/Chassis/1/Power"
  std::string pointer;  ///< "/PowerControl/0/PowerConsumedWatts"
};

class Controller {
 public:
  explicit Controller(const RedfishOptions& options) : options_(options), begun_(options.clock()) {
    while (options_.request.url.ends_with('/')) options_.request.url.pop_back();
  }

  [[nodiscard]] Json get(const std::string& path) const {
    if (options_.clock() - begun_ > kDiscovery) {
      throw Error(ErrorKind::kIo, str("Redfish: {}: no power sensor found in {:g} s",
                                      options_.request.url, kDiscovery.value()));
    }
    const HttpMeterOptions place = at({.path = path, .pointer = {}});
    return parse_json(options_.fetch(place.request), place.request.url);
  }

  [[nodiscard]] HttpMeterOptions at(const Sensor& sensor) const {
    HttpMeterOptions place;
    place.request = options_.request;
    place.request.url += sensor.path;
    place.pointer = sensor.pointer;
    place.fetch = options_.fetch;
    return place;
  }

 private:
  RedfishOptions options_;
  Seconds begun_;
};

/// The path of a link, where it is one on the same controller.
std::optional<std::string> link(const Json& json) {
  constexpr std::size_t kLongest = 256;
  if (!json.is_object() || !json.contains("@odata.id")) return std::nullopt;
  const Json& id = json.at("@odata.id");
  if (!id.is_string()) return std::nullopt;
  auto path = id.get<std::string>();
  if (!path.starts_with("/redfish/") || path.size() > kLongest) return std::nullopt;
  return path;
}

std::optional<std::string> link(const Json& json, const char* member) {
  if (!json.is_object() || !json.contains(member)) return std::nullopt;
  return link(json.at(member));
}

/// 0 W is what controllers show that measure nothing.
ProbeValue read_power(const HttpMeterOptions& place) {
  ProbeValue value = fetch_number(place, 1.0);
  if (value.micro && *value.micro == 0) {
    return {.micro = std::nullopt, .problem = "shows 0 W, expected what the machine draws"};
  }
  return value;
}

/// The sensor of one chassis, where it has one that shows a power now.
std::optional<Sensor> find_sensor(const Controller& controller, const std::string& chassis) {
  const Json json = controller.get(chassis);
  std::vector<Sensor> candidates;
  if (const auto path = link(json, "EnvironmentMetrics")) {
    candidates.push_back({.path = *path, .pointer = "/PowerWatts/Reading"});
  }
  if (const auto path = link(json, "Power")) {
    candidates.push_back({.path = *path, .pointer = "/PowerControl/0/PowerConsumedWatts"});
  }
  for (Sensor& sensor : candidates) {
    if (read_power(controller.at(sensor)).micro) return std::move(sensor);
  }
  return std::nullopt;
}

std::vector<std::string> list_chassis(const Controller& controller, const std::string& url) {
  const Json json = controller.get("/redfish/v1/Chassis");
  std::vector<std::string> paths;
  if (json.is_object() && json.contains("Members") && json.at("Members").is_array()) {
    for (const Json& member : json.at("Members")) {
      const auto path = link(member);
      if (path && paths.size() < kMostChassis) paths.push_back(*path);
    }
  }
  if (paths.empty()) {
    throw Error(ErrorKind::kUnsupported, str("Redfish: {}: lists no chassis", printable(url, 200)));
  }
  return paths;
}

}  // namespace

std::unique_ptr<Meter> open_redfish(const RedfishOptions& options) {
  constexpr Seconds kPeriod{5.0};
  constexpr Seconds kSamplePeriod{2.0};
  if (options.request.url.empty() || !options.fetch) {
    throw Error(ErrorKind::kUnsupported,
                "no controller named: give --meter-url https://CONTROLLER, and the account in "
                "FRUGAL_METER_USER and FRUGAL_METER_PASSWORD");
  }
  const Controller controller(options);
  std::optional<Sensor> sensor;
  std::string chassis;
  std::string others;
  for (const std::string& path : list_chassis(controller, options.request.url)) {
    if (sensor) {
      others += str("{}{}", others.empty() ? "" : ", ", printable(path));
      continue;
    }
    sensor = find_sensor(controller, path);
    if (sensor) chassis = printable(path);
  }
  if (!sensor) {
    throw Error(ErrorKind::kUnsupported, str("Redfish: {}: no chassis shows its power",
                                             printable(options.request.url, 200)));
  }
  Probe probe;
  probe.domain = "node";
  probe.boundary = Boundary::kWall;
  probe.kind = ProbeKind::kPower;
  probe.limits.max_power = Watts(100'000.0);
  probe.update_period = kPeriod;
  probe.sample_period = kSamplePeriod;
  probe.likely_power = Watts(200.0);
  probe.relative_std = 0.05;
  probe.read = [place = controller.at(*sensor)] { return read_power(place); };
  std::string text = str("power of the node by Redfish: {} of {}", sensor->pointer, chassis);
  if (!others.empty()) text += "; not added: " + others;
  return std::make_unique<ProbeMeter>("redfish", std::move(text),
                                      std::vector<Probe>{std::move(probe)}, options.clock);
}

}  // namespace frugal::meter
