#pragma once

/// What a kilowatt-hour costs, at all hours the same or by the hour of the week.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frugal/base/units.h"

namespace frugal::carbon {

enum class Days { kAll, kWeekdays, kWeekends };

/// Hours of the day at another price.  From `from_minute` up to `to_minute` of local time, over
/// midnight where the second is not after the first; `days` are those on which it begins.
struct Band {
  int from_minute = 0;  ///< 0 to 1439
  int to_minute = 0;    ///< 0 to 1440
  Days days = Days::kAll;
  double per_kwh = 0.0;
};

struct Tariff {
  std::string currency = {};     ///< "EUR"
  double per_kwh = 0.0;          ///< outside all bands
  std::vector<Band> bands = {};  ///< where two overlap, the later one holds
  int utc_offset_minutes = 0;    ///< of the local time of the bands, the whole year
  std::string source = {};

  [[nodiscard]] bool by_time() const { return !bands.empty(); }
};

/// When something ran.
struct TimeSpan {
  double start_s = 0.0;  ///< Unix time
  Seconds length = {};
};

/// Price of a kilowatt-hour drawn evenly over the span.
///
/// Formula:  (1 / T) ∫ p(t) dt; p is constant within a minute of the week.  p(start) where T is 0.
/// Units:    the tariff's currency per kWh.
/// Errors:   none; a span that is not finite or negative is a bug.
/// Not here: daylight saving time (one offset holds all year) and public holidays.
[[nodiscard]] double mean_price(const Tariff& tariff, const TimeSpan& span);

/// "2026-11-21T12:00:00Z" in Unix seconds; nothing for what is not such a time.
[[nodiscard]] std::optional<double> unix_seconds(std::string_view utc);

}  // namespace frugal::carbon
