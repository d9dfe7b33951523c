#include "frugal/carbon/tariff.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "frugal/base/error.h"
#include "frugal/base/str.h"

// A week has 10,080 minutes, each with one price.  Their running sum gives the integral of the
// price from Monday 0:00 to any moment; a span is the difference of two such integrals, whole weeks
// counted apart.

namespace frugal::carbon {

namespace {

constexpr int kDayMinutes = 1440;
constexpr int kWeekMinutes = 7 * kDayMinutes;
constexpr int kEpochDay = 3;  // 1 January 1970 was a Thursday; days count from Monday

bool holds(Days days, int weekday) {
  constexpr int kSaturday = 5;
  if (days == Days::kAll) return true;
  return (days == Days::kWeekends) == (weekday >= kSaturday);
}

class PriceWeek {
 public:
  explicit PriceWeek(const Tariff& tariff) {
    price_.fill(tariff.per_kwh);
    for (const Band& band : tariff.bands) paint(band);
    for (std::size_t minute = 0; minute < price_.size(); ++minute) {
      until_[minute + 1] = until_[minute] + price_[minute];
    }
  }

  /// At `minutes` after a Monday's 0:00, below a week.
  [[nodiscard]] double price(double minutes) const {
    return price_[std::min(static_cast<std::size_t>(minutes), price_.size() - 1)];
  }
  /// ∫ p dt from a Monday's 0:00 to `minutes` >= 0 later.
  [[nodiscard]] double integral(double minutes) const {
    const double weeks = std::floor(minutes / kWeekMinutes);
    const double within = std::clamp(minutes - weeks * kWeekMinutes, 0.0, double{kWeekMinutes});
    const double whole = std::floor(within);
    return weeks * until_.back() + until_[static_cast<std::size_t>(whole)] +
           (within - whole) * price(whole);
  }

 private:
  void paint(const Band& band) {
    int length = band.to_minute - band.from_minute;
    if (length <= 0) length += kDayMinutes;
    for (int day = 0; day < 7; ++day) {
      if (!holds(band.days, day)) continue;
      const int first = day * kDayMinutes + band.from_minute;
      for (int minute = first; minute < first + length; ++minute) {
        price_[static_cast<std::size_t>(minute % kWeekMinutes)] = band.per_kwh;
      }
    }
  }

  std::array<double, kWeekMinutes> price_{};
  std::array<double, kWeekMinutes + 1> until_{};
};

}  // namespace

double mean_price(const Tariff& tariff, const TimeSpan& span) {
  if (!tariff.by_time()) return tariff.per_kwh;
  FRUGAL_CHECK(std::isfinite(span.start_s) && std::isfinite(span.length.value()) &&
               span.length.value() >= 0.0);
  const PriceWeek week(tariff);
  constexpr double kMinute = 60.0;
  const double since_monday =
      span.start_s / kMinute + tariff.utc_offset_minutes + double{kEpochDay} * kDayMinutes;
  // Whole weeks before the start would only cost digits.
  const double begin = since_monday - std::floor(since_monday / kWeekMinutes) * kWeekMinutes;
  const double minutes = span.length.value() / kMinute;
  if (begin + minutes <= begin) return week.price(begin);
  return (week.integral(begin + minutes) - week.integral(begin)) / minutes;
}

std::optional<double> unix_seconds(std::string_view utc) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
  if (utc.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = utc[i] >= '0' && utc[i] <= '9';
    if (kShape[i] == 'd' ? !digit : utc[i] != kShape[i]) return std::nullopt;
  }
  const auto part = [utc](std::size_t at, std::size_t size) {
    return static_cast<unsigned>(*parse_int(utc.substr(at, size)));
  };
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(part(0, 4))),
                                         std::chrono::month(part(5, 2)),
                                         std::chrono::day(part(8, 2))};
  const unsigned hour = part(11, 2);
  const unsigned minute = part(14, 2);
  const unsigned second = part(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return (static_cast<double>(days) * 24.0 + hour) * 3600.0 + minute * 60.0 + second;
}

}  // namespace frugal::carbon
