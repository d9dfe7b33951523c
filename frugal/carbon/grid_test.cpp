#include "frugal/carbon/grid.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "frugal/carbon/carbon_for_test.h"

namespace frugal::carbon {
namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Grid, ShipsTablesInWhichEveryRowIsComplete) {
  std::set<std::tuple<std::string, int, Basis, Scope>> seen;
  EXPECT_GT(shipped_zones().size(), 150U);
  for (const Intensity& zone : shipped_zones()) {
    EXPECT_TRUE(seen.emplace(zone.zone, zone.year, zone.basis, zone.scope).second) << zone.zone;
    EXPECT_GE(zone.g_per_kwh.value, 20.0) << zone.zone;
    EXPECT_LE(zone.g_per_kwh.value, 900.0) << zone.zone;
    EXPECT_GT(zone.g_per_kwh.std, 0.04 * zone.g_per_kwh.value) << zone.zone;
    EXPECT_GE(zone.year, 2021) << zone.zone;
    EXPECT_FALSE(zone.name.empty() || zone.also.empty() || zone.source.empty()) << zone.zone;
  }
}

TEST(Grid, FindsAZoneByCodeOtherCodeAndName) {
  for (const char* name : {"DE", "de", "DEU", "germany", "Germany"}) {
    const Intensity found = find_zone({}, {.zone = name});
    EXPECT_EQ(found.zone, "DE");
    EXPECT_EQ(found.year, 2023) << "the latest";
    EXPECT_EQ(found.g_per_kwh.value, 381.0);
    EXPECT_NEAR(found.g_per_kwh.std, 57.7, 0.05);
  }
  EXPECT_EQ(find_zone({}, {.zone = "world"}).g_per_kwh.value, 481.0);
}

TEST(Grid, GivesTheYearBasisAndScopeThatWereAskedFor) {
  EXPECT_EQ(find_zone({}, {.zone = "DE", .year = 2021}).g_per_kwh.value, 365.477);
  const Intensity direct = find_zone({}, {.zone = "US", .scope = Scope::kDirect});
  EXPECT_EQ(direct.g_per_kwh.value, 390.0);
  EXPECT_EQ(direct.year, 2022);
}

TEST(Grid, OwnFactorsComeFirst) {
  const std::vector<Intensity> own = {an_intensity(20.0, 2.0)};
  EXPECT_EQ(find_zone(own, {.zone = "DE"}).g_per_kwh.value, 20.0);
  EXPECT_EQ(find_zone(own, {.zone = "DE", .year = 2021}).g_per_kwh.value, 365.477);
  EXPECT_EQ(find_zone(own, {.zone = "FR"}).set, "Ember 2023");
}

TEST(Grid, AnUnknownZoneIsAnsweredWithItsNeighbours) {
  const auto ask = [](std::string_view zone) {
    return fault_of([&] { (void)find_zone({}, {.zone = zone}); });
  };
  const std::string typo = ask("Gremany");
  EXPECT_TRUE(typo.starts_with(kind(ErrorKind::kNotFound))) << typo;
  EXPECT_TRUE(holds(typo, "did you mean DE (Germany)?")) << typo;
  EXPECT_TRUE(holds(ask("Swedn"), "SE (Sweden)"));
  EXPECT_FALSE(holds(ask("Atlantis on the moon"), "did you mean"));
  EXPECT_FALSE(holds(ask(std::string(1'000'000, 'x')), "did you mean"));
  EXPECT_FALSE(holds(ask("\x1b[31m"), "\x1b"));
  EXPECT_FALSE(ask("").empty());
}

TEST(Grid, AZoneWithoutSuchAFactorSaysWhatItHas) {
  const std::string fault =
      fault_of([] { (void)find_zone({}, {.zone = "DE", .basis = Basis::kMarginal}); });
  EXPECT_TRUE(fault.starts_with(kind(ErrorKind::kNotFound))) << fault;
  EXPECT_TRUE(holds(fault,
                    "no marginal lifecycle factor, expected one of: average lifecycle 2023, "
                    "average lifecycle 2021"))
      << fault;
}

TEST(Mix, GivesCodecarbonsExample) {
  const Intensity mix =
      mix_of({{"coal", 0.25}, {"petroleum", 0.35}, {"gas", 0.26}, {"nuclear", 0.14}},
             FuelSet::kCodecarbon);
  EXPECT_NEAR(mix.g_per_kwh.value, 731.59, 1e-9);
}

TEST(Mix, ItsDoubtIsHalfOfWhatTheSetsDifferBy) {
  const Intensity gas = mix_of({{"gas", 1.0}});
  EXPECT_EQ(gas.g_per_kwh.value, 490.0);
  EXPECT_DOUBLE_EQ(gas.g_per_kwh.std, 126.5);
  EXPECT_DOUBLE_EQ(mix_of({{"biomass", 1.0}}).g_per_kwh.std, 34.5);
  EXPECT_EQ(mix_of({{"coal", 1.0}}, FuelSet::kElectricityMapsDirect).scope, Scope::kDirect);
}

TEST(Mix, RefusesSharesThatAreNone) {
  const auto ask = [](const std::map<std::string, double>& shares) {
    return fault_of([&] { (void)mix_of(shares); });
  };
  EXPECT_TRUE(ask({{"coal", 0.5}}).starts_with(kind(ErrorKind::kInvalidArgument)));
  EXPECT_TRUE(ask({}).starts_with(kind(ErrorKind::kInvalidArgument)));
  EXPECT_TRUE(ask({{"coal", -0.5}, {"gas", 1.5}}).starts_with(kind(ErrorKind::kInvalidArgument)));
  EXPECT_TRUE(ask({{"hope", 1.0}}).starts_with(kind(ErrorKind::kNotFound)));
}

}  // namespace
}  // namespace frugal::carbon
