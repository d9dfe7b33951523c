#include "frugal/carbon/factor_file.h"

#include <gtest/gtest.h>

#include "frugal/base/random.h"
#include "frugal/carbon/carbon_for_test.h"

namespace frugal::carbon {
namespace {

constexpr std::string_view kOffice = R"(
name = "office 2026"
source = "grid operator"
year = 2026
relative_std = 0.1

[[zone]]
code = "OFFICE"
name = "our roof and the rest"
g_per_kwh = 120
[[zone]]
code = "NIGHT"
g_per_kwh = 40.5
g_per_kwh_std = 1.5
year = 2025
basis = "marginal"
scope = "direct"
source = "model of the operator"

[pue]
value = 1.2
value_std = 0.05
[water]
on_site_l_per_kwh = 0.37
off_site_l_per_kwh = 5.04
off_site_l_per_kwh_std = 2
[embodied]
total_kg = 300
total_kg_std = 90
lifetime_years = 4
share = 0.5
source = "maker's sheet"
[tariff]
currency = "EUR"
per_kwh = 0.32
utc_offset_hours = 1
[[tariff.band]]
from = "22:00"
to = "06:30"
days = "weekdays"
per_kwh = 0.21
)";

FactorFile parse(std::string_view text) {
  return parse_factor_file(text, "factors.toml");
}

std::string refusal(const std::string& text) {
  return fault_of([&] { (void)parse(text); });
}

// The office's file with one text replaced.
std::string changed(std::string_view from, std::string_view to) {
  std::string text(kOffice);
  return text.replace(text.find(from), from.size(), to);
}

TEST(FactorFile, ReadsZonesWithTheDefaultsOfTheFile) {
  const FactorFile file = parse(kOffice);
  ASSERT_EQ(file.zones.size(), 2U);
  EXPECT_EQ(file.zones[0].year, 2026);
  EXPECT_EQ(file.zones[0].set, "office 2026");
  EXPECT_EQ(file.zones[0].source, "grid operator");
  EXPECT_DOUBLE_EQ(file.zones[0].g_per_kwh.std, 12.0);
  EXPECT_EQ(file.zones[1].basis, Basis::kMarginal);
  EXPECT_EQ(file.zones[1].scope, Scope::kDirect);
  EXPECT_EQ(file.zones[1].year, 2025);
  EXPECT_EQ(file.zones[1].g_per_kwh.std, 1.5);
  EXPECT_EQ(file.zones[1].source, "model of the operator");
}

TEST(FactorFile, ReadsEverythingElse) {
  const FactorFile file = parse(kOffice);
  EXPECT_EQ(file.pue->factor.value, 1.2);
  EXPECT_EQ(file.pue->factor.std, 0.05);
  EXPECT_EQ(file.water->off_site.std, 2.0);
  EXPECT_EQ(file.embodied->total_g.value, 300'000.0);
  EXPECT_EQ(file.embodied->lifetime.value(), 126'144'000.0);
  EXPECT_EQ(file.embodied->share, 0.5);
  EXPECT_EQ(file.embodied->source, "maker's sheet");
  ASSERT_EQ(file.tariff->bands.size(), 1U);
  EXPECT_EQ(file.tariff->utc_offset_minutes, 60);
  EXPECT_EQ(file.tariff->bands[0].from_minute, 1320);
  EXPECT_EQ(file.tariff->bands[0].to_minute, 390);
  EXPECT_EQ(file.tariff->bands[0].days, Days::kWeekdays);
}

TEST(FactorFile, WhatIsNotSaidIsAbsent) {
  const FactorFile file = parse("name = \"a\"\nsource = \"b\"");
  EXPECT_TRUE(file.zones.empty());
  EXPECT_FALSE(file.pue || file.water || file.embodied || file.tariff);
}

TEST(FactorFile, RefusesValuesThatCannotBe) {
  const std::string refused = kind(ErrorKind::kInvalidArgument) + "factors.toml:";
  for (const auto& [from, to] :
       {std::pair("g_per_kwh = 120", "g_per_kwh = -1"),
        std::pair("g_per_kwh = 120", "g_per_kwh = nan"),
        std::pair("g_per_kwh = 120", "g_per_kwh = inf"),
        std::pair("g_per_kwh_std = 1.5", "g_per_kwh_std = -1.5"),
        std::pair("value = 1.2", "value = 0.9"), std::pair("share = 0.5", "share = 1.5"),
        std::pair("lifetime_years = 4", "lifetime_years = 0"),
        std::pair("on_site_l_per_kwh = 0.37", "on_site_l_per_kwh = -2"),
        std::pair("per_kwh = 0.32", "per_kwh = -0.1"), std::pair("\"22:00\"", "\"25:00\""),
        std::pair("\"06:30\"", "\"6.30\""), std::pair("\"weekdays\"", "\"mondays\""),
        std::pair("\"marginal\"", "\"extra\""),
        std::pair("utc_offset_hours = 1", "utc_offset_hours = 25"),
        std::pair("year = 2026", "year = 26"), std::pair("currency = \"EUR\"", "currency = 3"),
        std::pair("total_kg = 300", "total_kgs = 300"),
        std::pair("source = \"grid operator\"", "")}) {
    const std::string fault = refusal(changed(from, to));
    EXPECT_TRUE(fault.starts_with(refused)) << to << ": " << fault;
    EXPECT_EQ(fault.find('\n'), std::string::npos) << fault;
  }
}

TEST(FactorFile, NamesLineAndColumnOfWhatIsNoToml) {
  const std::string fault = refusal("name = \"a\nsource = 3");
  EXPECT_TRUE(fault.starts_with(kind(ErrorKind::kCorrupt) + "factors.toml:1:")) << fault;
}

TEST(FactorFile, RefusesMoreBandsThanAWeekHasUse) {
  std::string text(kOffice);
  for (int i = 0; i < 200; ++i) {
    text += "[[tariff.band]]\nfrom = \"00:00\"\nto = \"01:00\"\nper_kwh = 0.1\n";
  }
  EXPECT_NE(refusal(text).find("at most 100"), std::string::npos);
}

// Whatever bytes a file holds, it is read or refused.
TEST(FactorFile, ChangedBytesAreReadOrRefused) {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    std::string text(kOffice);
    for (int i = 0; i < 3; ++i) {
      text[static_cast<std::size_t>(random.below(text.size()))] =
          static_cast<char>(random.below(256));
    }
    const std::string fault = refusal(text);
    const bool ours = fault.empty() || fault.starts_with(kind(ErrorKind::kCorrupt)) ||
                      fault.starts_with(kind(ErrorKind::kInvalidArgument));
    EXPECT_TRUE(ours) << fault;
  }
}

TEST(MinuteOfDay, ReadsTimesOfTheClock) {
  EXPECT_EQ(minute_of_day("00:00"), 0);
  EXPECT_EQ(minute_of_day("22:30"), 1350);
  EXPECT_EQ(minute_of_day("24:00"), 1440);
  for (const char* text : {"", "24:01", "12:60", "-1:00", "1:00", "12:3a", "12-30", "12:-1"}) {
    EXPECT_FALSE(minute_of_day(text)) << text;
  }
}

}  // namespace
}  // namespace frugal::carbon
