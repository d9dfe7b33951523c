#pragma once

/// Time that never steps back, injectable for tests.

#include <chrono>
#include <functional>
#include <string>

#include "frugal/base/units.h"

namespace frugal {

/// Seconds since an arbitrary start, from a monotonic clock.
[[nodiscard]] inline Seconds monotonic_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return Seconds(std::chrono::duration<double>(now).count());
}

/// What code takes that must be tested with scripted time; `monotonic_now` by default.
using ClockFn = std::function<Seconds()>;

/// "2026-11-21T12:00:00Z": the calendar, for records only, never for durations.
[[nodiscard]] std::string utc_timestamp();

}  // namespace frugal
