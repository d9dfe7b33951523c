#include "frugal/meter/meter.h"

#include <gtest/gtest.h>

#include <array>

namespace frugal::meter {
namespace {

Reading reading(std::string domain, double energy_j, double deviation_j,
                Quality quality = Quality::kMeasured) {
  return {.domain = std::move(domain),
          .boundary = Boundary::kDevice,
          .quality = quality,
          .energy = Joules(energy_j),
          .uncertainty = Joules(deviation_j),
          .time = Seconds(2.0),
          .note = {}};
}

TEST(Quality, NamesGoThereAndBack) {
  for (const Quality quality :
       {Quality::kMeasured, Quality::kDerived, Quality::kModelled, Quality::kUnavailable}) {
    EXPECT_EQ(quality_from_name(quality_name(quality)), quality);
  }
  EXPECT_EQ(quality_name(Quality::kModelled), "modelled");
  EXPECT_FALSE(quality_from_name("Measured"));
  EXPECT_FALSE(quality_from_name(""));
}

TEST(Boundary, NamesGoThereAndBack) {
  for (const Boundary boundary :
       {Boundary::kDevice, Boundary::kHost, Boundary::kWall, Boundary::kFacility}) {
    EXPECT_EQ(boundary_from_name(boundary_name(boundary)), boundary);
  }
  EXPECT_EQ(boundary_name(Boundary::kFacility), "facility");
  EXPECT_FALSE(boundary_from_name("room"));
}

TEST(Total, AddsEnergyAndJoinsDeviationsInQuadrature) {
  const Reading sum = total({reading("package-0", 10.0, 0.3), reading("dram-0", 5.0, 0.4)});
  EXPECT_EQ(sum.domain, "package-0+dram-0");
  EXPECT_DOUBLE_EQ(sum.energy.value(), 15.0);
  EXPECT_DOUBLE_EQ(sum.uncertainty.value(), 0.5);
  EXPECT_EQ(sum.time, Seconds(2.0));
  EXPECT_EQ(sum.quality, Quality::kMeasured);
  EXPECT_EQ(sum.note, "");
}

TEST(Total, IsAsGoodAsItsWorstPart) {
  const Reading sum = total({reading("a", 1.0, 0.1), reading("b", 2.0, 0.1, Quality::kModelled),
                             reading("c", 2.0, 0.1, Quality::kDerived)});
  EXPECT_EQ(sum.quality, Quality::kModelled);
}

TEST(Total, IsUnavailableWhenAPartIs) {
  const Reading sum =
      total({reading("a", 10.0, 0.1), reading("b", 7.0, 1.0, Quality::kUnavailable)});
  EXPECT_EQ(sum.quality, Quality::kUnavailable);
  EXPECT_EQ(sum.note, "b: unavailable");
}

TEST(Total, KeepsTheNotesOfItsParts) {
  Reading first = reading("a", 1.0, 0.1);
  Reading second = reading("b", 1.0, 0.1);
  first.note = "wide";
  second.note = "reset";
  EXPECT_EQ(total({first, second}).note, "a: wide; b: reset");
}

TEST(TotalDeathTest, RefusesToAddTwoBoundaries) {
  Reading wall = reading("plug", 100.0, 1.0);
  wall.boundary = Boundary::kWall;
  EXPECT_DEATH((void)total({reading("package-0", 1.0, 0.1), wall}), "boundary");
}

TEST(TotalDeathTest, RefusesAnEmptyList) {
  EXPECT_DEATH((void)total({}), "empty");
}

}  // namespace
}  // namespace frugal::meter
