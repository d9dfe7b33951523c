#include "frugal/meter/program_share.h"

#include <gtest/gtest.h>

#include <cmath>

namespace frugal::meter {
namespace {

Reading reading(std::string domain, double energy_j) {
  return {.domain = std::move(domain),
          .boundary = Boundary::kDevice,
          .quality = Quality::kMeasured,
          .energy = Joules(energy_j),
          .uncertainty = Joules(0.0),
          .time = Seconds(10.0),
          .note = {}};
}

CpuUse use(double program_s, double machine_s) {
  return {.program = Seconds(program_s),
          .machine = Seconds(machine_s),
          .cpus = 2,
          .time = Seconds(10.0)};
}

TEST(ProgramShare, LiesBetweenItsShareOfTheMachineAndOfWhatWasBusy) {
  // 5 of 20 CPU seconds, 5 of 10 busy ones: a quarter to a half of 100 J
  const Reading program =
      program_reading({reading("package-0", 90.0), reading("dram-0", 10.0)}, use(5.0, 10.0));
  EXPECT_EQ(program.domain, "program");
  EXPECT_EQ(program.quality, Quality::kDerived);
  EXPECT_DOUBLE_EQ(program.energy.value(), 37.5);
  EXPECT_NEAR(program.uncertainty.value(), 25.0 / std::sqrt(12.0), 1e-9);
  EXPECT_EQ(program.note, "25 to 50 % of package-0+dram-0");
}

TEST(ProgramShare, IsAllOfAMachineThatDidNothingElse) {
  const Reading program = program_reading({reading("package-0", 100.0)}, use(20.0, 20.0));
  EXPECT_DOUBLE_EQ(program.energy.value(), 100.0);
  EXPECT_DOUBLE_EQ(program.uncertainty.value(), 0.0);
}

TEST(ProgramShare, IsNeverMoreThanTheWhole) {
  for (const double program_s : {0.0, 1e-9, 3.0, 21.0, 1e6}) {
    for (const double machine_s : {0.0, 2.9, 20.0}) {
      const Reading program =
          program_reading({reading("package-0", 100.0)}, use(program_s, machine_s));
      EXPECT_GE(program.energy.value(), 0.0);
      EXPECT_LE(program.energy.value(), 100.0) << program_s << " of " << machine_s;
    }
  }
}

TEST(ProgramShare, DoesNotSplitGraphicsByCpuTime) {
  const Reading program = program_reading(
      {reading("package-0", 100.0), reading("gpu-5f0a1b2c", 900.0)}, use(20.0, 20.0));
  EXPECT_DOUBLE_EQ(program.energy.value(), 100.0);
  EXPECT_NE(program.note.find("gpu-5f0a1b2c not split"), std::string::npos) << program.note;
  EXPECT_EQ(program_reading({reading("gpu-5f0a1b2c", 900.0)}, use(1.0, 1.0)).quality,
            Quality::kUnavailable);
}

TEST(ProgramShare, IsUnknownWhereAPartOfItIs) {
  CpuUse unread = use(1.0, 1.0);
  unread.machine.reset();
  EXPECT_EQ(program_reading({reading("package-0", 1.0)}, unread).quality, Quality::kUnavailable);
  Reading lost = reading("package-0", 0.0);
  lost.quality = Quality::kUnavailable;
  EXPECT_EQ(program_reading({lost}, use(1.0, 1.0)).quality, Quality::kUnavailable);
}

}  // namespace
}  // namespace frugal::meter
