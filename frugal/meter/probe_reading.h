#pragma once

/// What the trace of one probe says of a span.  Private to `meter`.

#include <string>

#include "frugal/meter/counter_trace.h"
#include "frugal/meter/meter.h"
#include "frugal/meter/probe.h"

namespace frugal::meter {

/// A span of one probe's trace.
struct ProbeSpan {
  CounterSummary sum;   ///< its first sample included
  Seconds time;         ///< its length
  std::string problem;  ///< of the last read that failed
  bool still = false;   ///< the counter did not move, here or since the meter was started
};

/// Whether a counter did not move in the time in which it must.
[[nodiscard]] bool stood_still(const Probe& probe, const CounterSummary& sum);

/// The formula of ProbeMeter, with notes.
[[nodiscard]] Reading probe_reading(const Probe& probe, const ProbeSpan& span);

/// "a; b".
void append_note(std::string& note, const std::string& more);

}  // namespace frugal::meter
