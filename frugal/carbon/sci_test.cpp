#include "frugal/carbon/sci.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "frugal/carbon/carbon_for_test.h"

namespace frugal::carbon {
namespace {

using meter::Quality;

SciPart part(double kwh, double embodied_g, double energy_std = 0.0, double embodied_std = 0.0) {
  return {.name = "agent",
          .energy = {.value = Joules(kwh * kJoulesPerKwh),
                     .own = Joules(energy_std * kJoulesPerKwh),
                     .shared = Joules(0.0),
                     .quality = Quality::kMeasured},
          .embodied = {.value = Grams(embodied_g),
                       .own = Grams(0.0),
                       .shared = Grams(embodied_std),
                       .quality = Quality::kModelled}};
}

// SCI for AI, the published example of a system of agents: eight parts, 350 g/kWh, 10,000 requests.
TEST(Sci, OfAgentsIsThatOfTheStandardsExample) {
  const std::vector<SciPart> parts = {part(1000, 25e3), part(750, 15e3),  part(400, 10e3),
                                      part(600, 9e3),   part(5500, 30e3), part(20000, 6e3),
                                      part(600, 3e3),   part(250, 2.5e3)};
  const SystemSci system = sci(parts, an_intensity(350.0, 0.0), workflows(10'000));
  EXPECT_NEAR(system.whole.score.value.value(), 1028.55, 1e-9);
  constexpr std::array<double, 6> kFirst = {37.5, 27.75, 15.0, 21.9, 195.5, 700.6};
  for (std::size_t i = 0; i < kFirst.size(); ++i) {
    EXPECT_NEAR(system.parts[i].score.value.value(), kFirst[i], 1e-9) << i;
  }
  EXPECT_NEAR(system.parts[6].score.value.value() + system.parts[7].score.value.value(), 30.3,
              1e-9);
  EXPECT_EQ(system.whole.score.quality, Quality::kModelled);
  EXPECT_EQ(to_json(system.whole)["unit"], "workflow");
}

// SCI for AI §9.1.1 prints 0.13 g per million tokens for 6,500 kg by 50e9 tokens: it is 130 g.
TEST(Sci, PerTokenIsAThousandTimesTheMisprintOfTheStandard) {
  const std::vector<SciPart> model = {part(0.0, 6'500'000.0)};
  const SystemSci system = sci(model, an_intensity(350.0, 0.0), tokens(50e9));
  EXPECT_NEAR(1e6 * system.whole.score.value.value(), 130.0, 1e-9);
}

// GSF Impact Framework: 0.0020833 g of electricity and 0.0079274 g of hardware.
TEST(Sci, OfAnImpactAddsBothTerms) {
  FactorSet set;
  set.intensity = an_intensity(800.0, 0.0);
  set.embodied = Embodied{.total_g = {.value = 1e6, .std = 0.0},
                          .lifetime = Seconds(126'144'000.0),
                          .share = 1.0,
                          .source = "IF defaults"};
  const Impact impact = assess(a_reading(75.0 / 8.0, 0.0, 1.0), set);
  const Sci score = sci(impact, {.name = "request", .count = 2.0});
  EXPECT_NEAR(score.score.value.value(), 0.010010781329274479 / 2.0, 1e-15);
  EXPECT_TRUE(score.embodied_stated);
  EXPECT_TRUE(to_json(score).contains("embodied_gco2e_per_unit"));
}

TEST(Sci, SaysWhenNoHardwareWasStated) {
  FactorSet set;
  set.intensity = an_intensity(400.0, 60.0);
  const Sci score = sci(assess(a_reading(3.6e6, 0.36e6), set), tokens(1000));
  EXPECT_DOUBLE_EQ(score.score.value.value(), 0.4);
  EXPECT_DOUBLE_EQ(score.score.std().value(), std::hypot(0.04, 0.06));
  EXPECT_EQ(score.score.quality, Quality::kDerived);
  EXPECT_FALSE(to_json(score).contains("embodied_gco2e_per_unit"));
}

TEST(Sci, TheDoubtOfOneGridIsSharedByAllParts) {
  const std::vector<SciPart> parts = {part(1.0, 100.0, 0.1, 20.0), part(1.0, 100.0, 0.1, 20.0)};
  const Sci whole = sci(parts, an_intensity(400.0, 60.0), workflows(1)).whole;
  EXPECT_DOUBLE_EQ(whole.operational.shared.value(), 120.0);
  EXPECT_DOUBLE_EQ(whole.operational.own.value(), std::sqrt(2.0) * 40.0);
  EXPECT_DOUBLE_EQ(whole.embodied.shared.value(), 40.0);
  EXPECT_DOUBLE_EQ(whole.score.shared.value(), std::hypot(120.0, 40.0));
}

TEST(Sci, AnUnreadPartMakesTheScoreUnknown) {
  std::vector<SciPart> parts = {part(1.0, 100.0), part(1.0, 100.0)};
  parts[1].energy = {};
  const SystemSci system = sci(parts, an_intensity(400.0, 60.0), workflows(1));
  EXPECT_FALSE(system.whole.score.known());
  EXPECT_TRUE(system.parts[0].score.known());
  EXPECT_FALSE(to_json(system.whole).contains("gco2e_per_unit"));
}

TEST(Sci, RefusesToDivideByNothing) {
  const std::vector<SciPart> parts = {part(1.0, 1.0)};
  for (const double count : {0.0, -1.0, std::nan(""), 1.0 / 0.0}) {
    const std::string fault =
        fault_of([&] { (void)sci(parts, an_intensity(1.0, 0.0), tokens(count)); });
    EXPECT_TRUE(fault.starts_with(kind(ErrorKind::kInvalidArgument))) << count << fault;
  }
  const Impact no_factor = assess(a_reading(1.0, 0.0), {});
  EXPECT_FALSE(fault_of([&] { (void)sci(no_factor, tokens(1)); }).empty());
}

}  // namespace
}  // namespace frugal::carbon
