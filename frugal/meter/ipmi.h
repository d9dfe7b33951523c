#pragma once

/// The whole machine, as its management controller measures it (IPMI, DCMI).

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "frugal/base/clock.h"
#include "frugal/meter/meter.h"
#include "frugal/meter/probe.h"

namespace frugal::meter {

/// What the controller answered to "get power reading": completion code and data, or why nothing.
struct IpmiReply {
  std::vector<std::uint8_t> bytes = {};
  std::string problem = {};
};
using IpmiFn = std::function<IpmiReply()>;

/// Power of a DCMI 1.5 "get power reading" response; its time stamp and averages are not used.
/// A measurement that is switched off, or shows 0 W, is no value.
[[nodiscard]] ProbeValue decode_dcmi_power(const IpmiReply& reply);

struct IpmiOptions {
  std::filesystem::path root = "/";
  IpmiFn ask = {};  ///< empty: the kernel's driver, `<root>/dev/ipmi0`
  ClockFn clock = monotonic_now;
};

/// Asked through the kernel's device and not by ipmitool: no program to install and to start twice
/// a second, no text in somebody's language to take apart, and a wait that ends after half a
/// second.
///
/// Formula:       E = ∫ P dt; deviation that of ProbeMeter; the sensor's own is taken as 5 %.
/// Units:         J, from whole W.
/// Resolution:    1 W; many controllers round to 2 to 8 W.
/// Update period: taken as 2 s; controllers average over 1 to 10 s.
/// Wraps at:      never.
/// Needs:         a management controller, the drivers ipmi_si and ipmi_devintf, and read and write
///                permission on /dev/ipmi0 (which also lets one switch the machine off).
/// Errors:        kUnsupported or kPermission, with what is missing.
/// Threads:       one at a time.
/// Source:        Intel et al., DCMI specification 1.5, 6.6.1; Linux, include/uapi/linux/ipmi.h.
[[nodiscard]] std::unique_ptr<Meter> open_ipmi(const IpmiOptions& options);

}  // namespace frugal::meter
