#include "frugal/meter/prometheus.h"

#include <string_view>

#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

std::string label(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '\\' || letter == '"') escaped += '\\';
    escaped += letter == '\n' ? ' ' : letter;
  }
  return escaped;
}

std::string head(std::string_view name, std::string_view type, std::string_view help) {
  return str("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

std::string line(std::string_view name, const Reading& reading, double value) {
  return str("{}{{domain=\"{}\",boundary=\"{}\",quality=\"{}\"}} {:.9g}\n", name,
             label(reading.domain), boundary_name(reading.boundary), quality_name(reading.quality),
             value);
}

bool known(const Reading& reading) {
  return reading.quality != Quality::kUnavailable;
}

}  // namespace

std::string prometheus_text(const Scrape& scrape) {
  constexpr std::string_view kEnergy = "frugal_energy_joules_total";
  constexpr std::string_view kDeviation = "frugal_energy_uncertainty_joules";
  constexpr std::string_view kPower = "frugal_power_watts";
  constexpr std::string_view kAvailable = "frugal_meter_available";
  std::string text = head(kEnergy, "counter", "Energy since metering began.");
  for (const Reading& reading : scrape.since_start) {
    if (known(reading)) text += line(kEnergy, reading, reading.energy.value());
  }
  text += head(kDeviation, "gauge", "Standard deviation of the energy since metering began.");
  for (const Reading& reading : scrape.since_start) {
    if (known(reading)) text += line(kDeviation, reading, reading.uncertainty.value());
  }
  text += head(kPower, "gauge", "Mean power of the last interval.");
  for (const Reading& reading : scrape.lap) {
    if (!known(reading) || !(reading.time > Seconds(0.0))) continue;
    text += line(kPower, reading, (reading.energy / reading.time).value());
  }
  text += head(kAvailable, "gauge", "1 where the energy of a domain is known, else 0.");
  for (const Reading& reading : scrape.since_start) {
    text +=
        str("{}{{domain=\"{}\"}} {}\n", kAvailable, label(reading.domain), known(reading) ? 1 : 0);
  }
  text += head("frugal_time_seconds_total", "counter", "Time since metering began.");
  text += str("frugal_time_seconds_total {:.6f}\n", scrape.time.value());
  text += head("frugal_meter_cpu_seconds_total", "counter", "CPU time that metering itself cost.");
  text += str("frugal_meter_cpu_seconds_total {:.6f}\n", scrape.own_cpu_time.value());
  text += head("frugal_build_info", "gauge", "The version that runs.");
  text += str("frugal_build_info{{version=\"{}\"}} 1\n", label(scrape.version));
  return text;
}

}  // namespace frugal::meter
