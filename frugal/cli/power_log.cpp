#include "frugal/cli/power_log.h"

#include <algorithm>

namespace frugal::cli {

namespace {

// Adds a lap that follows; a domain that is new, or unknown in one of them, stays as it is known.
void append(std::vector<meter::Reading>& readings, const std::vector<meter::Reading>& next) {
  for (const meter::Reading& reading : next) {
    const auto found =
        std::find_if(readings.begin(), readings.end(),
                     [&](const meter::Reading& known) { return known.domain == reading.domain; });
    if (found == readings.end()) {
      readings.push_back(reading);
    } else {
      found->energy += reading.energy;
      found->time += reading.time;
    }
  }
}

std::vector<meter::Reading> known_of(const std::vector<meter::Reading>& lap) {
  std::vector<meter::Reading> known;
  for (const meter::Reading& reading : lap) {
    const bool usable = reading.quality != meter::Quality::kUnavailable;
    if (usable && reading.time > Seconds(0.0)) known.push_back(reading);
  }
  return known;
}

}  // namespace

void PowerLog::add(Seconds at, const std::vector<meter::Reading>& lap) {
  if (pending_ > 0) {
    append(laps_.back().readings, known_of(lap));
    laps_.back().at = at;
  } else {
    if (laps_.size() == most_laps_) join_neighbours();
    laps_.push_back({.at = at, .readings = known_of(lap)});
  }
  pending_ = (pending_ + 1) % joined_;
}

void PowerLog::join_neighbours() {
  for (std::size_t i = 0; i + 1 < laps_.size(); i += 2) {
    Lap& first = laps_[i];
    append(first.readings, laps_[i + 1].readings);
    first.at = laps_[i + 1].at;
    if (i > 0) laps_[i / 2] = std::move(first);
  }
  laps_.resize(laps_.size() / 2);
  joined_ *= 2;
}

std::vector<ledger::PowerSample> PowerLog::samples() const {
  std::vector<ledger::PowerSample> samples;
  for (const Lap& lap : laps_) {
    for (const meter::Reading& reading : lap.readings) {
      samples.push_back(
          {.domain = reading.domain, .at = lap.at, .power = reading.energy / reading.time});
    }
  }
  return samples;
}

}  // namespace frugal::cli
