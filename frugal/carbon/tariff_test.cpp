#include "frugal/carbon/tariff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "frugal/base/random.h"

namespace frugal::carbon {
namespace {

constexpr double kHour = 3600.0;

double at(const char* utc) {
  return unix_seconds(utc).value();
}

// Cheap from 22:00 to 6:00, dear on weekday evenings, an hour east of Greenwich.
Tariff by_the_hour() {
  return {
      .currency = "EUR",
      .per_kwh = 0.30,
      .bands = {{.from_minute = 22 * 60, .to_minute = 6 * 60, .days = Days::kAll, .per_kwh = 0.20},
                {.from_minute = 17 * 60,
                 .to_minute = 20 * 60,
                 .days = Days::kWeekdays,
                 .per_kwh = 0.40}},
      .utc_offset_minutes = 60,
      .source = "contract"};
}

TEST(Tariff, AFlatOneCostsTheSameAtAllTimes) {
  const Tariff flat{.currency = "EUR", .per_kwh = 0.32, .source = "bill"};
  EXPECT_EQ(mean_price(flat, {.start_s = at("2026-11-21T12:00:00Z"), .length = Seconds(1e9)}),
            0.32);
}

TEST(Tariff, KnowsTheHourOfTheLocalDay) {
  const Tariff tariff = by_the_hour();
  const auto price = [&](const char* utc) {
    return mean_price(tariff, {.start_s = at(utc), .length = Seconds(60.0)});
  };
  EXPECT_NEAR(price("2026-11-20T12:00:00Z"), 0.30, 1e-11);  // Friday
  EXPECT_NEAR(price("2026-11-20T15:59:00Z"), 0.30, 1e-11);
  EXPECT_NEAR(price("2026-11-20T16:00:00Z"), 0.40, 1e-11);
  EXPECT_NEAR(price("2026-11-21T16:00:00Z"), 0.30, 1e-11);  // Saturday
  EXPECT_NEAR(price("2026-11-20T21:00:00Z"), 0.20, 1e-11);
  EXPECT_NEAR(price("2026-11-21T04:59:00Z"), 0.20, 1e-11);
  EXPECT_NEAR(price("2026-11-21T05:00:00Z"), 0.30, 1e-11);
}

TEST(Tariff, ASpanOverABoundaryPaysBothPrices) {
  const TimeSpan span{.start_s = at("2026-11-20T15:00:00Z"), .length = Seconds(2 * kHour)};
  EXPECT_NEAR(mean_price(by_the_hour(), span), 0.35, 1e-11);
}

TEST(Tariff, AWholeWeekHasOneMeanWheneverItBegins) {
  const Tariff tariff = by_the_hour();
  const double mean = (7 * 8 * 0.20 + 5 * 3 * 0.40 + (168 - 56 - 15) * 0.30) / 168.0;
  for (const char* start :
       {"2026-11-20T15:13:07Z", "1969-12-31T23:59:59Z", "2026-11-22T23:30:00Z"}) {
    const TimeSpan week{.start_s = at(start), .length = Seconds(7 * 24 * kHour)};
    EXPECT_NEAR(mean_price(tariff, week), mean, 1e-9) << start;
  }
}

TEST(Tariff, AMomentHasThePriceOfItsMinute) {
  const TimeSpan moment{.start_s = at("2026-11-20T16:00:00Z"), .length = Seconds(0.0)};
  EXPECT_NEAR(mean_price(by_the_hour(), moment), 0.40, 1e-11);
}

TEST(Tariff, TheLaterOfTwoBandsHolds) {
  Tariff tariff = by_the_hour();
  tariff.bands.push_back(
      {.from_minute = 0, .to_minute = 1440, .days = Days::kWeekends, .per_kwh = 0.10});
  const TimeSpan sunday{.start_s = at("2026-11-22T02:00:00Z"), .length = Seconds(kHour)};
  EXPECT_NEAR(mean_price(tariff, sunday), 0.10, 1e-11);
}

// The running sums against adding up minutes.
TEST(Tariff, AgreesWithAddingUpMinutes) {
  const Tariff tariff = by_the_hour();
  Random random(3);
  for (int round = 0; round < 2; ++round) {
    const double start =
        at("2026-11-16T00:00:00Z") + 60.0 * std::floor(random.uniform() * 7 * 24 * 60);
    const auto seconds = static_cast<int>(random.between(60, 40'000));
    double total = 0.0;
    for (int s = 0; s < seconds; s += 60) {
      const int step = std::min(60, seconds - s);
      total += step * mean_price(tariff, {.start_s = start + s, .length = Seconds(step)});
    }
    const TimeSpan span{.start_s = start, .length = Seconds(seconds)};
    EXPECT_NEAR(mean_price(tariff, span), total / seconds, 1e-9);
  }
}

TEST(UnixSeconds, ReadsTheTimesOfALedger) {
  EXPECT_EQ(unix_seconds("1970-01-01T00:00:00Z"), 0.0);
  EXPECT_EQ(unix_seconds("2026-11-21T12:00:00Z"), 1795262400.0);
  EXPECT_EQ(unix_seconds("2024-02-29T23:59:59Z"), 1709251199.0);
}

TEST(UnixSeconds, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026-11-21", "2026-11-21T12:00:00", "2026-13-01T00:00:00Z",
                           "2023-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21 12:00:00Z",
                           "x026-11-21T12:00:00Z", "2026-11-21T12:00:-1Z"}) {
    EXPECT_FALSE(unix_seconds(text)) << text;
  }
}

}  // namespace
}  // namespace frugal::carbon
