#pragma once

/// The part of a machine's energy that one program answers for.

#include <cstddef>
#include <optional>
#include <vector>

#include "frugal/base/units.h"
#include "frugal/meter/meter.h"

namespace frugal::meter {

/// Who used the processors in a span.
struct CpuUse {
  std::optional<Seconds> program;  ///< CPU time of its processes, waited for
  std::optional<Seconds> machine;  ///< busy time of all processors
  std::size_t cpus = 1;
  Seconds time;  ///< length of the span
};

/// E_program = E · (low + high) / 2, where high = program / machine gives the program all of the
/// machine's idle power, and low = program / (cpus · time) gives it only that of the CPUs it kept
/// busy; the truth depends on what else the machine was on for.  The deviation joins, in
/// quadrature, E's own, scaled, and (high − low) / √12.
///
/// Units:   J.  Domain "program", boundary that of `readings`; derived, or worse where they are.
/// Numbers: never more than the whole.  A domain that is not processor, memory or the whole machine
///          (a graphics processor) cannot be split by CPU time; it is left out and named.
/// Errors:  none: unavailable, with a note, where a time or an energy is not known.
/// Source:  the two ends are the attributions of Scaphandre (all to who is busy) and of
///          Kepler (idle apart).
[[nodiscard]] Reading program_reading(const std::vector<Reading>& readings, const CpuUse& use);

}  // namespace frugal::meter
