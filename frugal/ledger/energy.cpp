#include "frugal/ledger/energy.h"

#include <algorithm>
#include <utility>

namespace frugal::ledger {

namespace {

meter::Reading unavailable(std::string why, Seconds time) {
  meter::Reading reading;
  reading.note = std::move(why);
  reading.time = time;
  return reading;
}

}  // namespace

meter::Reading energy_of(const Run& run) {
  if (!run.receipt && run.readings.empty()) return unavailable("nothing was weighed", Seconds(0.0));
  const Seconds time = run.receipt ? run.receipt->total.time : run.readings.front().time;
  if (!run.receipt) {
    const meter::Boundary boundary = run.readings.front().boundary;
    const bool mixed =
        std::any_of(run.readings.begin(), run.readings.end(),
                    [&](const meter::Reading& part) { return part.boundary != boundary; });
    if (mixed) return unavailable("its readings have different boundaries, never added", time);
  }
  meter::Reading whole = run.receipt ? run.receipt->total : meter::total(run.readings);
  if (whole.quality == meter::Quality::kUnavailable && whole.note.empty()) {
    whole.note = "the meter could not be read";
  }
  return whole;
}

}  // namespace frugal::ledger
