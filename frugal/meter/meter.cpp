#include "frugal/meter/meter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

namespace frugal::meter {

namespace {

constexpr std::array<std::string_view, 4> kQualityNames = {"measured", "derived", "modelled",
                                                           "unavailable"};
constexpr std::array<std::string_view, 4> kBoundaryNames = {"device", "host", "wall", "facility"};

template <class Enum>
std::optional<Enum> from_name(const std::array<std::string_view, 4>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

void append(std::string& list, std::string_view separator, std::string_view more) {
  if (!list.empty()) list += separator;
  list += more;
}

}  // namespace

std::string_view quality_name(Quality quality) {
  return kQualityNames[static_cast<std::size_t>(quality)];
}

std::string_view boundary_name(Boundary boundary) {
  return kBoundaryNames[static_cast<std::size_t>(boundary)];
}

std::optional<Quality> quality_from_name(std::string_view name) {
  return from_name<Quality>(kQualityNames, name);
}

std::optional<Boundary> boundary_from_name(std::string_view name) {
  return from_name<Boundary>(kBoundaryNames, name);
}

Reading total(const std::vector<Reading>& readings) {
  FRUGAL_CHECK(!readings.empty());
  Reading sum{.domain = {},
              .boundary = readings.front().boundary,
              .quality = Quality::kMeasured,
              .energy = Joules(0.0),
              .uncertainty = Joules(0.0),
              .time = Seconds(0.0),
              .note = {}};
  double variance = 0.0;
  for (const Reading& part : readings) {
    FRUGAL_CHECK(part.boundary == sum.boundary);
    append(sum.domain, "+", part.domain);
    if (!part.note.empty()) append(sum.note, "; ", str("{}: {}", part.domain, part.note));
    sum.quality = std::max(sum.quality, part.quality);
    sum.energy += part.energy;
    variance += part.uncertainty.value() * part.uncertainty.value();
    sum.time = std::max(sum.time, part.time);
    if (part.quality == Quality::kUnavailable && part.note.empty()) {
      append(sum.note, "; ", str("{}: unavailable", part.domain));
    }
  }
  sum.uncertainty = Joules(std::sqrt(variance));
  if (sum.quality == Quality::kUnavailable) {
    sum.energy = Joules(0.0);
    sum.uncertainty = Joules(0.0);
  }
  return sum;
}

}  // namespace frugal::meter
