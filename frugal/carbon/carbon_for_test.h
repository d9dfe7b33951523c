#pragma once

/// Readings and factors that the tests of this folder share.

#include <string>

#include "frugal/base/error.h"
#include "frugal/carbon/factors.h"
#include "frugal/meter/meter.h"

namespace frugal::carbon {

inline meter::Reading a_reading(double joules, double std, double seconds = 10.0) {
  return {.domain = "package-0",
          .boundary = meter::Boundary::kHost,
          .quality = meter::Quality::kMeasured,
          .energy = Joules(joules),
          .uncertainty = Joules(std),
          .time = Seconds(seconds),
          .note = ""};
}

inline Intensity an_intensity(double g_per_kwh, double std) {
  return {.zone = "DE",
          .also = "DEU",
          .name = "Germany",
          .year = 2023,
          .basis = Basis::kAverage,
          .scope = Scope::kLifecycle,
          .g_per_kwh = {.value = g_per_kwh, .std = std},
          .set = "a table",
          .source = "somebody"};
}

/// What `body` throws as "<kind>: <message>"; empty when it throws nothing.
template <class Body>
std::string fault_of(const Body& body) {
  try {
    body();
  } catch (const Error& fault) {
    return std::to_string(static_cast<int>(fault.kind())) + ": " + fault.what();
  }
  return {};
}

/// The start of what fault_of gives for a kind.
inline std::string kind(ErrorKind kind) {
  return std::to_string(static_cast<int>(kind)) + ": ";
}

}  // namespace frugal::carbon
