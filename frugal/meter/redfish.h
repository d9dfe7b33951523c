#pragma once

/// The whole machine, as its management controller shows it over the network (Redfish).

#include <memory>

#include "frugal/base/clock.h"
#include "frugal/meter/fetch.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

struct RedfishOptions {
  FetchRequest request = {};  ///< its URL is the controller's: "https://bmc"
  FetchFn fetch = {};
  ClockFn clock = monotonic_now;
};

/// Reads EnvironmentMetrics' PowerWatts, else Power's PowerControl[0].PowerConsumedWatts, of the
/// first chassis that has one; the others may contain it and are named as not added.
///
/// Formula:       E = ∫ P dt; deviation that of ProbeMeter; the sensor's own is taken as 5 %.
/// Units:         J, from W.
/// Resolution:    usually 1 W.
/// Update period: taken as 5 s; controllers average over 1 to 60 s.
/// Wraps at:      never.
/// Needs:         --meter-url https://CONTROLLER, FRUGAL_METER_USER and FRUGAL_METER_PASSWORD of an
///                account that may read; --meter-insecure where its certificate is its own.
/// Errors:        kUnsupported, kPermission or kIo with what is missing.  Links that lead away from
///                the controller are not followed; a power of 0, or of more than 100 kW, is no
///                value.  Finding the sensor ends after 10 s, each later read after its timeout.
/// Threads:       one at a time.
/// Source:        DMTF DSP0268, Chassis, EnvironmentMetrics and Power schemas.
[[nodiscard]] std::unique_ptr<Meter> open_redfish(const RedfishOptions& options);

}  // namespace frugal::meter
