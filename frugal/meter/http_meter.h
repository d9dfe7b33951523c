#pragma once

/// Anything that shows a power or an energy as JSON over HTTP: a wall plug, a rack's power unit.

#include <memory>
#include <string>

#include "frugal/base/clock.h"
#include "frugal/meter/fetch.h"
#include "frugal/meter/meter.h"
#include "frugal/meter/probe.h"

namespace frugal::meter {

struct HttpMeterOptions {
  FetchRequest request = {};
  std::string pointer = {};  ///< "/meters/0/power" (RFC 6901)
  std::string unit = "W";    ///< mW, W, kW (sensor); mJ, J, kJ, Wh, kWh (counter)
  FetchFn fetch = {};
  ClockFn clock = monotonic_now;
};

/// Formula:       power units: E = ∫ P dt, derived; energy units: E = counter now − counter before,
///                measured.  Deviation that of ProbeMeter; a plug's own is taken as 2 %.
/// Units:         J; the value at the pointer is a number, or text that is one, in `unit`.
/// Resolution:    of the device; for Wh and kWh taken as 1 Wh.
/// Update period: taken as 1 s (power) and 10 s (energy).
/// Wraps at:      never known: a counter that falls was reset.
/// Needs:         a URL (--meter-url), a pointer (--meter-pointer); where the device asks for them,
///                FRUGAL_METER_USER and FRUGAL_METER_PASSWORD.
/// Errors:        kInvalidArgument for a unit or pointer that is none; kUnsupported, kPermission or
///                kIo with what the first answer lacks.  A later answer that is late, no JSON, or
///                no number is a failed sample; each waits `request.timeout` at most.
/// Threads:       one at a time.
/// Source:        RFC 6901 (JSON pointer).
[[nodiscard]] std::unique_ptr<Meter> open_http(const HttpMeterOptions& options);

/// One read of a number behind a URL, in millionths of `unit_in_si` (J or W), for a probe.
[[nodiscard]] ProbeValue fetch_number(const HttpMeterOptions& options, double unit_in_si);

}  // namespace frugal::meter
