#include "frugal/carbon/estimators/cpu_curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "frugal/base/error.h"

namespace frugal::carbon::estimators {

namespace {

struct Curve {
  std::string_view name;
  double a;
  double b;
  double c;
  double d;
};

constexpr std::array<Curve, 5> kCurves = {{{"platinum", 171.1813, 0.0354, 36.8953, -10.1336},
                                           {"gold", 35.5688, 0.2438, 9.6694, -0.6087},
                                           {"silver", 20.7794, 0.3043, 8.4241, 0.8613},
                                           {"e5", 48.9167, 0.1349, 15.7262, -4.654},
                                           {"e3", 342.3624, 0.0347, 36.8952, -16.4022}}};

}  // namespace

Watts teads_power(Watts tdp, double load) {
  FRUGAL_CHECK(load >= 0.0 && load <= 1.0);
  constexpr std::array<std::pair<double, double>, 4> kPoints = {
      {{0.0, 0.12}, {0.1, 0.32}, {0.5, 0.75}, {1.0, 1.02}}};
  std::size_t right = 1;
  while (right + 1 < kPoints.size() && load > kPoints[right].first) ++right;
  const auto& [x0, y0] = kPoints[right - 1];
  const auto& [x1, y1] = kPoints[right];
  return (y0 + (y1 - y0) * (load - x0) / (x1 - x0)) * tdp;
}

std::optional<XeonFamily> xeon_family_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kCurves.size(); ++i) {
    if (kCurves[i].name == name) return static_cast<XeonFamily>(i);
  }
  return std::nullopt;
}

Watts boavizta_power(XeonFamily family, double load) {
  FRUGAL_CHECK(load >= 0.0 && load <= 1.0);
  constexpr double kPercent = 100.0;
  const Curve& curve = kCurves[static_cast<std::size_t>(family)];
  const double watts = curve.a * std::log(curve.b * (kPercent * load + curve.c)) + curve.d;
  return Watts(std::max(watts, 1.0));
}

Watts boavizta_memory(double gigabytes) {
  constexpr double kWattsOfGigabyte = 0.284;
  return Watts(kWattsOfGigabyte * gigabytes);
}

}  // namespace frugal::carbon::estimators
