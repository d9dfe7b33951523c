#include "frugal/meter/power_profile.h"

#include <algorithm>

#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

constexpr double kSureFactor = 4.0;

/// Quoted, with its quotes doubled, where it would break a line or a column.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + "\"";
}

}  // namespace

void PowerProfile::add(const std::vector<Reading>& lap) {
  for (const Reading& reading : lap) {
    auto found = std::find_if(stretches_.begin(), stretches_.end(), [&](const Stretch& stretch) {
      return stretch.domain == reading.domain;
    });
    if (found == stretches_.end()) {
      stretches_.push_back({.domain = reading.domain,
                            .energy = {},
                            .deviation = {},
                            .time = {},
                            .peak = std::nullopt});
      found = stretches_.end() - 1;
    }
    Stretch& stretch = *found;
    const bool known = reading.quality != Quality::kUnavailable;
    if (known) {
      stretch.energy += reading.energy;
      stretch.time += reading.time;
      stretch.deviation = std::max(stretch.deviation, reading.uncertainty);
    }
    const bool sure = stretch.time > Seconds(0.0) && stretch.energy > Joules(0.0) &&
                      stretch.energy >= kSureFactor * stretch.deviation;
    if (sure) {
      const Watts power = stretch.energy / stretch.time;
      if (!stretch.peak || power > stretch.peak->power) {
        stretch.peak = PeakPower{.power = power, .window = stretch.time};
      }
    }
    if (sure || !known) {
      stretch.energy = Joules(0.0);
      stretch.deviation = Joules(0.0);
      stretch.time = Seconds(0.0);
    }
  }
}

std::optional<PeakPower> PowerProfile::peak(const std::string& domain) const {
  for (const Stretch& stretch : stretches_) {
    if (stretch.domain == domain) return stretch.peak;
  }
  return std::nullopt;
}

std::string series_header() {
  return "time_s,domain,boundary,quality,energy_j,energy_j_std,power_w,note\n";
}

std::string series_lines(Seconds at, const std::vector<Reading>& lap) {
  std::string lines;
  for (const Reading& reading : lap) {
    lines += str("{:.6f},{},{},{},", at.value(), csv_field(reading.domain),
                 boundary_name(reading.boundary), quality_name(reading.quality));
    const bool known = reading.quality != Quality::kUnavailable;
    if (known) lines += str("{:.9g},{:.3g}", reading.energy.value(), reading.uncertainty.value());
    lines += known ? "," : ",,";
    if (known && reading.time > Seconds(0.0)) {
      lines += str("{:.6g}", (reading.energy / reading.time).value());
    }
    lines += "," + csv_field(reading.note) + "\n";
  }
  return lines;
}

}  // namespace frugal::meter
