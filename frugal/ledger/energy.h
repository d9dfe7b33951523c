#pragma once

/// The one energy of a run.

#include "frugal/ledger/ledger.h"

namespace frugal::ledger {

/// The receipt's total where the run has one, else the sum of its readings.  Unavailable, with the
/// reason as its note, where nothing was weighed, the meter could not be read, or the readings have
/// different boundaries, which are never added.
[[nodiscard]] meter::Reading energy_of(const Run& run);

}  // namespace frugal::ledger
