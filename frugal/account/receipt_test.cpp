#include "frugal/account/receipt.h"

#include <gtest/gtest.h>

#include <cmath>

namespace frugal::account {
namespace {

using meter::Quality;
using meter::Reading;

Reading reading(double energy_j, double deviation_j, double time_s,
                Quality quality = Quality::kMeasured) {
  return {.domain = "package-0",
          .boundary = meter::Boundary::kDevice,
          .quality = quality,
          .energy = Joules(energy_j),
          .uncertainty = Joules(deviation_j),
          .time = Seconds(time_s),
          .note = {}};
}

/// 2 s of prefill with 100 tokens, 6 s of decode with 30.
Work some_work() {
  Work work;
  work[Phase::kPrefill].time = Seconds(2.0);
  work[Phase::kPrefill].prompt_tokens = 100;
  work[Phase::kDecode].time = Seconds(6.0);
  work[Phase::kDecode].output_tokens = 30;
  return work;
}

TEST(Attribute, SharesEnergyByBusySecondsAndLeavesTheRestToIdle) {
  const Receipt receipt = attribute({reading(100.0, 5.0, 10.0)}, some_work());
  EXPECT_NEAR(receipt[Phase::kPrefill].energy.value(), 20.0, 1e-12);
  EXPECT_NEAR(receipt[Phase::kDecode].energy.value(), 60.0, 1e-12);
  EXPECT_NEAR(receipt[Phase::kIdle].energy.value(), 20.0, 1e-12);
  EXPECT_EQ(receipt[Phase::kTool].energy, Joules(0.0));
  EXPECT_EQ(receipt.work, some_work());
}

TEST(Attribute, ScalesTheDeviationWithTheShare) {
  const Receipt receipt = attribute({reading(100.0, 5.0, 10.0)}, some_work());
  EXPECT_NEAR(receipt[Phase::kPrefill].uncertainty.value(), 1.0, 1e-12);
  EXPECT_NEAR(receipt[Phase::kDecode].uncertainty.value(), 3.0, 1e-12);
  EXPECT_NEAR(receipt[Phase::kIdle].uncertainty.value(), 1.0, 1e-12);
}

TEST(Attribute, SaysWhatOfItWasWasteAndWhatEachLayerTook) {
  Work work = some_work();
  work[Phase::kDecode].rejected_time = Seconds(1.0);
  work[Phase::kPrefill].recomputed_time = Seconds(0.5);
  work.add_layers(std::vector<Seconds>{Seconds(3.0), Seconds(4.0)});
  const Receipt receipt = attribute({reading(100.0, 5.0, 10.0)}, work);
  EXPECT_NEAR(receipt.rejected.energy.value(), 10.0, 1e-12);
  EXPECT_NEAR(receipt.rejected.uncertainty.value(), 0.5, 1e-12);
  EXPECT_NEAR(receipt.recomputed.energy.value(), 5.0, 1e-12);
  ASSERT_EQ(receipt.layers.size(), 2U);
  EXPECT_NEAR(receipt.layers[0].energy.value(), 30.0, 1e-12);
  EXPECT_NEAR(receipt.layers[1].energy.value(), 40.0, 1e-12);
  EXPECT_NEAR(receipt[Phase::kIdle].energy.value(), 20.0, 1e-12) << "parts are in the phases";
}

TEST(ShareOut, GivesEachRequestItsSecondsAndIdleTheRest) {
  std::vector<Work> two = {some_work(), {}};
  two[1][Phase::kDecode].time = Seconds(1.0);
  const Bill bill = share_out({reading(100.0, 5.0, 10.0)}, two);
  ASSERT_EQ(bill.receipts.size(), 2U);
  EXPECT_NEAR(bill.receipts[0].total.energy.value(), 80.0, 1e-12);
  EXPECT_NEAR(bill.receipts[0].total.uncertainty.value(), 4.0, 1e-12);
  EXPECT_NEAR(bill.receipts[0][Phase::kPrefill].energy.value(), 20.0, 1e-12);
  EXPECT_NEAR(bill.receipts[1].total.energy.value(), 10.0, 1e-12);
  EXPECT_NEAR(bill.idle.energy.value(), 10.0, 1e-12);
  EXPECT_EQ(bill.total.energy, Joules(100.0));
}

TEST(ShareOut, KnowsNothingWhereTheMeterKnowsNothing) {
  const std::vector<Work> one = {some_work()};
  const Bill bill = share_out({}, one);
  ASSERT_EQ(bill.receipts.size(), 1U);
  EXPECT_EQ(bill.receipts[0].total.quality, Quality::kUnavailable);
  EXPECT_EQ(bill.receipts[0].work, some_work());
}

TEST(Attribute, AgreesWithAPublishedShare) {
  // A worked example of node attribution: 10 W active, a fifth of the CPU time, 2 W.
  Work work;
  work[Phase::kTool].time = Seconds(0.2);
  const Receipt receipt = attribute({reading(10.0, 0.0, 1.0)}, work);
  EXPECT_NEAR(receipt[Phase::kTool].energy.value(), 2.0, 1e-12);
}

TEST(Attribute, SharesByTheBusyTimeWhenPhasesOverlap) {
  Work work;
  work[Phase::kDecode].time = Seconds(12.0);
  work[Phase::kTool].time = Seconds(4.0);  // 16 busy seconds in a span of 10
  const Receipt receipt = attribute({reading(80.0, 1.0, 10.0)}, work);
  EXPECT_NEAR(receipt[Phase::kDecode].energy.value(), 60.0, 1e-12);
  EXPECT_NEAR(receipt[Phase::kTool].energy.value(), 20.0, 1e-12);
  EXPECT_NEAR(receipt[Phase::kIdle].energy.value(), 0.0, 1e-12);
}

TEST(Attribute, DoesNotTakeStatedIdleTimeForBusyTime) {
  Work work = some_work();
  work[Phase::kIdle].time = Seconds(100.0);
  const Receipt receipt = attribute({reading(100.0, 5.0, 10.0)}, work);
  EXPECT_NEAR(receipt[Phase::kDecode].energy.value(), 60.0, 1e-12);
}

TEST(Attribute, GivesEverythingToIdleWithoutWork) {
  const Receipt receipt = attribute({reading(7.0, 1.0, 3.0)}, Work());
  EXPECT_EQ(receipt[Phase::kIdle].energy, Joules(7.0));
  EXPECT_EQ(receipt[Phase::kIdle].uncertainty, Joules(1.0));
  EXPECT_EQ(attribute({reading(7.0, 1.0, 0.0)}, Work())[Phase::kIdle].energy, Joules(7.0));
}

TEST(Attribute, SurvivesTimesThatAreNone) {
  Work work;
  work[Phase::kDecode].time = Seconds(-3.0);
  work[Phase::kTool].time = Seconds(std::nan(""));
  work[Phase::kPrefill].time = Seconds(HUGE_VAL);
  const Receipt receipt = attribute({reading(7.0, 1.0, 3.0)}, work);
  EXPECT_EQ(receipt[Phase::kIdle].energy, Joules(7.0));
}

TEST(Attribute, AddsTheDomainsFirst) {
  const Receipt receipt =
      attribute({reading(70.0, 3.0, 10.0), reading(30.0, 4.0, 10.0)}, some_work());
  EXPECT_DOUBLE_EQ(receipt.total.energy.value(), 100.0);
  EXPECT_DOUBLE_EQ(receipt.total.uncertainty.value(), 5.0);
}

TEST(Attribute, OfUnavailableReadingsIsUnavailable) {
  for (const std::vector<Reading>& readings : {std::vector<Reading>{},
                                               {reading(5.0, 1.0, 1.0, Quality::kUnavailable)},
                                               {reading(std::nan(""), 1.0, 1.0)},
                                               {reading(-1.0, 1.0, 1.0)}}) {
    const Receipt receipt = attribute(readings, some_work());
    EXPECT_EQ(receipt.total.quality, Quality::kUnavailable);
    EXPECT_NE(receipt.total.note, "");
    EXPECT_FALSE(receipt.joules_per_prompt_token());
    EXPECT_FALSE(receipt.joules_per_decoded_token());
    EXPECT_FALSE(receipt.joules_per_output_token());
  }
}

TEST(Receipt, DividesEachPhaseByItsOwnTokens) {
  const Receipt receipt = attribute({reading(100.0, 5.0, 10.0)}, some_work());
  EXPECT_NEAR(receipt.joules_per_prompt_token().value(), 0.2, 1e-12);
  EXPECT_NEAR(receipt.joules_per_decoded_token().value(), 2.0, 1e-12);
  EXPECT_NEAR(receipt.joules_per_output_token().value(), 100.0 / 30.0, 1e-12);
}

TEST(Receipt, CountsTheFirstTokenThatPrefillGave) {
  Work work = some_work();
  work[Phase::kPrefill].output_tokens = 1;
  const Receipt receipt = attribute({reading(100.0, 5.0, 10.0)}, work);
  EXPECT_NEAR(receipt.joules_per_decoded_token().value(), 2.0, 1e-12);
  EXPECT_NEAR(receipt.joules_per_output_token().value(), 100.0 / 31.0, 1e-12);
}

TEST(Receipt, HasNoJoulesPerTokenWithoutTokensOrWithoutEnergy) {
  const Receipt empty = attribute({reading(100.0, 5.0, 10.0)}, Work());
  EXPECT_FALSE(empty.joules_per_prompt_token());
  EXPECT_FALSE(empty.joules_per_decoded_token());
  EXPECT_FALSE(empty.joules_per_output_token());
  const Receipt nothing = attribute({reading(0.0, 0.1, 10.0)}, some_work());
  EXPECT_FALSE(nothing.joules_per_output_token());
}

}  // namespace
}  // namespace frugal::account
