#include "frugal/carbon/impact.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frugal/carbon/carbon_for_test.h"

namespace frugal::carbon {
namespace {

using meter::Boundary;
using meter::Quality;

FactorSet only(const Intensity& intensity) {
  FactorSet set;
  set.intensity = intensity;
  return set;
}

Pue a_pue(double value, double std = 0.0) {
  return {.factor = {.value = value, .std = std}, .source = "operator"};
}

TEST(Impact, GivesGramsWithBothDoubts) {
  const Impact impact = assess(a_reading(3.6e6, 0.18e6), only(an_intensity(400.0, 60.0)));
  ASSERT_TRUE(impact.carbon);
  EXPECT_DOUBLE_EQ(impact.carbon->value.value(), 400.0);
  EXPECT_DOUBLE_EQ(impact.carbon->own.value(), 20.0);
  EXPECT_DOUBLE_EQ(impact.carbon->shared.value(), 60.0);
  EXPECT_EQ(impact.carbon->quality, Quality::kDerived);
  EXPECT_FALSE(impact.embodied);
  EXPECT_FALSE(impact.cost);
}

TEST(Impact, CloudEnergyAtTheWorldsIntensity) {
  const Impact impact = assess(a_reading(0.6 * 3.6e6, 0.0), only(an_intensity(475.0, 0.0)));
  EXPECT_NEAR(impact.carbon->value.value(), 285.0, 1e-9);  // CodeCarbon's test: 0.285 kg
}

TEST(Impact, AppliesThePueOnce) {
  FactorSet set = only(an_intensity(400.0, 0.0));
  set.pue = a_pue(1.25, 0.05);
  const Impact impact = assess(a_reading(3.6e6, 0.0), set);
  EXPECT_DOUBLE_EQ(impact.metered.value.value(), 3.6e6);
  EXPECT_DOUBLE_EQ(impact.energy.joules().value.value(), 4.5e6);
  EXPECT_DOUBLE_EQ(impact.carbon->value.value(), 500.0);
  EXPECT_DOUBLE_EQ(impact.carbon->shared.value(), 20.0);
}

TEST(Impact, LeavesThePueOutWhereTheMeterSawTheBuilding) {
  FactorSet set = only(an_intensity(400.0, 0.0));
  set.pue = a_pue(1.25);
  meter::Reading reading = a_reading(3.6e6, 0.0);
  reading.boundary = Boundary::kFacility;
  const Impact impact = assess(reading, set);
  EXPECT_DOUBLE_EQ(impact.carbon->value.value(), 400.0);
  EXPECT_EQ(impact.energy.pue().value, 1.0);
  EXPECT_NE(impact.notes.at(0).find("PUE was not applied"), std::string::npos);
}

// EcoLogits' golden case (a): 1.22e-5 kWh of computers, PUE 1.26, 0.37 and 5.04 L/kWh.
TEST(Impact, CountsWaterOfThePowerPlantsWithThePueAndThatOnSiteWithout) {
  FactorSet set;
  set.pue = a_pue(1.26);
  set.water = Water{.on_site = {.value = 0.37, .std = 0.0},
                    .off_site = {.value = 5.04, .std = 0.0},
                    .source = "test vector"};
  const double computers_kwh = 1.536243521642994e-05 / 1.26;
  const Impact impact = assess(a_reading(computers_kwh * 3.6e6, 0.0), set);
  EXPECT_NEAR(impact.water->value.value(), 8.193786478452047e-05, 1e-17);
  meter::Reading building = a_reading(1.536243521642994e-05 * 3.6e6, 0.0);
  building.boundary = Boundary::kFacility;
  EXPECT_NEAR(assess(building, set).water->value.value(), 8.193786478452047e-05, 1e-17);
}

// GSF Impact Framework, Teads pipeline: 1 s of 75 W, an eighth of it ours, 800 g/kWh, 1 t over 4
// years.
TEST(Impact, AddsTheShareOfMakingTheHardware) {
  FactorSet set = only(an_intensity(800.0, 0.0));
  set.embodied = Embodied{.total_g = {.value = 1e6, .std = 0.0},
                          .lifetime = Seconds(126'144'000.0),
                          .share = 1.0,
                          .source = "IF defaults"};
  const Impact impact = assess(a_reading(75.0 / 8.0, 0.0, 1.0), set);
  EXPECT_NEAR(impact.operational->value.value(), 0.0020833333333333333, 1e-15);
  EXPECT_NEAR(impact.embodied->value.value(), 0.007927447995941146, 1e-15);
  EXPECT_NEAR(impact.carbon->value.value(), 0.010010781329274479, 1e-15);
  EXPECT_EQ(impact.carbon->quality, Quality::kModelled);
}

// SCI guide: a tonne over four years, one hour, all of the machine.
TEST(Impact, AnHourOfATonneOverFourYears) {
  FactorSet set;
  set.embodied = Embodied{.total_g = {.value = 1e6, .std = 2e5},
                          .lifetime = Seconds(4 * 365 * 24 * 3600.0),
                          .share = 1.0,
                          .source = "guide"};
  const Impact impact = assess(a_reading(1.0, 0.0, 3600.0), set);
  EXPECT_NEAR(impact.embodied->value.value(), 28.54, 0.005);
  EXPECT_NEAR(impact.embodied->shared.value(), 5.708, 0.005);
  set.embodied->share = 0.25;
  EXPECT_NEAR(assess(a_reading(1.0, 0.0, 3600.0), set).carbon->value.value(), 7.135, 0.005);
}

TEST(Impact, PaysForTheEnergyOfTheBuilding) {
  FactorSet set;
  set.pue = a_pue(1.5);
  set.tariff = Tariff{.currency = "EUR", .per_kwh = 0.32, .source = "bill"};
  const Impact impact = assess(a_reading(7.2e6, 0.72e6), set);
  EXPECT_NEAR(impact.cost->value.value(), 0.96, 1e-12);
  EXPECT_NEAR(impact.cost->std().value(), 0.096, 1e-12);
  EXPECT_FALSE(impact.carbon);
}

TEST(Impact, APriceByTheHourNeedsTheHour) {
  FactorSet set;
  set.tariff = Tariff{.currency = "EUR",
                      .per_kwh = 0.32,
                      .bands = {{.from_minute = 0, .to_minute = 360, .per_kwh = 0.1}},
                      .source = "bill"};
  const meter::Reading reading = a_reading(3.6e6, 0.0);
  const std::string fault = fault_of([&] { (void)assess(reading, set); });
  EXPECT_TRUE(fault.starts_with(kind(ErrorKind::kInvalidArgument) + "tariff: ")) << fault;
  const Impact night = assess(reading, set, unix_seconds("2026-11-21T01:00:00Z"));
  EXPECT_NEAR(night.cost->value.value(), 0.1, 1e-11);
}

TEST(Impact, OfAnUnreadMeterIsUnknownAndNotZero) {
  meter::Reading unread = a_reading(0.0, 0.0);
  unread.quality = Quality::kUnavailable;
  FactorSet set = only(an_intensity(400.0, 60.0));
  set.tariff = Tariff{.currency = "EUR", .per_kwh = 0.32, .source = "bill"};
  const Impact impact = assess(unread, set);
  EXPECT_FALSE(impact.carbon->known());
  EXPECT_FALSE(impact.cost->known());
  const Json json = to_json(impact);
  EXPECT_FALSE(json.contains("carbon_gco2e")) << to_line(json);
  EXPECT_FALSE(json.contains("cost")) << to_line(json);
  EXPECT_EQ(json["quality"], "unavailable");
}

TEST(Impact, RecordsEveryFactorWithItsSource) {
  FactorSet set = only(an_intensity(381.0, 58.0));
  set.pue = a_pue(1.2);
  set.tariff = Tariff{.currency = "EUR",
                      .per_kwh = 0.32,
                      .bands = {{.from_minute = 0, .to_minute = 360, .per_kwh = 0.1}},
                      .utc_offset_minutes = 60,
                      .source = "bill"};
  const Json factors = to_json(assess(a_reading(1.0, 0.1), set, 0.0))["factors"];
  EXPECT_EQ(factors["intensity"]["zone"], "DE");
  EXPECT_EQ(factors["intensity"]["year"], 2023);
  EXPECT_EQ(factors["intensity"]["basis"], "average");
  EXPECT_EQ(factors["intensity"]["scope"], "lifecycle");
  EXPECT_EQ(factors["intensity"]["source"], "somebody");
  EXPECT_EQ(factors["pue"]["source"], "operator");
  EXPECT_EQ(factors["tariff"]["bands"][0]["to_min"], 360);
  EXPECT_FALSE(factors.contains("water"));
}

TEST(Impact, TwoSpansShareTheDoubtOfTheirFactor) {
  const FactorSet set = only(an_intensity(400.0, 60.0));
  const std::vector<Estimate<Grams>> two = {*assess(a_reading(3.6e6, 0.36e6), set).carbon,
                                            *assess(a_reading(3.6e6, 0.36e6), set).carbon};
  const Estimate<Grams> both = sum<Grams>(two);
  EXPECT_DOUBLE_EQ(both.own.value(), std::sqrt(2.0) * 40.0);
  EXPECT_DOUBLE_EQ(both.shared.value(), 120.0);
}

TEST(Factors, NamesGoBothWays) {
  for (const Basis basis : {Basis::kAverage, Basis::kMarginal}) {
    EXPECT_EQ(basis_from_name(basis_name(basis)), basis);
  }
  for (const Scope scope : {Scope::kLifecycle, Scope::kDirect}) {
    EXPECT_EQ(scope_from_name(scope_name(scope)), scope);
  }
  EXPECT_FALSE(basis_from_name("mean"));
  EXPECT_EQ(text_of(an_intensity(381.0, 58.0)),
            "Germany, 2023, 381 ± 58 g/kWh (average, lifecycle)");
}

}  // namespace
}  // namespace frugal::carbon
