#include "frugal/ledger/energy.h"

#include <gtest/gtest.h>

#include "frugal/ledger/test_support.h"

namespace frugal::ledger {
namespace {

using meter::Quality;
using testing::sample_reading;
using testing::sample_receipt;

TEST(EnergyOf, TakesTheReceiptBeforeTheReadings) {
  ledger::Run run;
  run.readings = {sample_reading("a", 1.0)};
  run.receipt = sample_receipt();
  EXPECT_DOUBLE_EQ(energy_of(run).energy.value(), 12.3);
}

TEST(EnergyOf, AddsReadingsOfOneBoundary) {
  ledger::Run run;
  run.readings = {sample_reading("a", 30.0), sample_reading("b", 40.0)};
  EXPECT_DOUBLE_EQ(energy_of(run).energy.value(), 70.0);
  run.readings[1].boundary = meter::Boundary::kWall;
  EXPECT_EQ(energy_of(run).quality, Quality::kUnavailable);
  EXPECT_EQ(energy_of(run).note, "its readings have different boundaries, never added");
  EXPECT_GT(energy_of(run).time.value(), 0.0);
}

TEST(EnergyOf, SaysWhyItIsUnknown) {
  ledger::Run run;
  EXPECT_EQ(energy_of(run).note, "nothing was weighed");
  run.receipt = sample_receipt();
  run.receipt->total.quality = Quality::kUnavailable;
  run.receipt->total.note = "";
  EXPECT_EQ(energy_of(run).note, "the meter could not be read");
  run.receipt->total.note = "permission denied";
  EXPECT_EQ(energy_of(run).note, "permission denied");
  EXPECT_EQ(energy_of(run).quality, Quality::kUnavailable);
}

}  // namespace
}  // namespace frugal::ledger
