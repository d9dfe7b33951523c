#include "frugal/base/work.h"

#include <gtest/gtest.h>

namespace frugal {
namespace {

PhaseWork phase_work(std::uint64_t k) {
  PhaseWork work;
  work.prompt_tokens = k;
  work.cached_tokens = 2 * k;
  work.output_tokens = 3 * k;
  work.rejected_tokens = 4 * k;
  work.layers_skipped = 13 * k;
  work.recomputed_tokens = 14 * k;
  work.cost.add(Op::kFloat, 5 * k).add(Op::kInt8, 6 * k).add(Op::kSpecial, 7 * k);
  work.cost.add(Traffic::kDram, 8 * k).add(Traffic::kCache, 9 * k).add(Traffic::kDevice, 10 * k);
  work.cost.add(Traffic::kNetwork, 11 * k).add(Traffic::kStorage, 12 * k);
  work.time = Seconds(0.5 * static_cast<double>(k));
  work.rejected_time = Seconds(0.25 * static_cast<double>(k));
  work.recomputed_time = Seconds(0.125 * static_cast<double>(k));
  return work;
}

Work work_of(std::uint64_t k) {
  Work work;
  for (const Phase phase : kAllPhases) work[phase] = phase_work(k++);
  return work;
}

TEST(Cost, CountsEachKindApart) {
  Cost cost;
  cost.add(Op::kInt8, 3).add(Op::kInt8, 4).add(Traffic::kCache, 5);
  EXPECT_EQ(cost.op(Op::kInt8), 7U);
  EXPECT_EQ(cost.op(Op::kFloat), 0U);
  EXPECT_EQ(cost.traffic(Traffic::kCache), 5U);
  EXPECT_EQ(cost.traffic(Traffic::kDram), 0U);
}

TEST(Cost, AddsSubtractsAndScalesEveryKind) {
  const Cost one = phase_work(1).cost;
  const Cost three = phase_work(3).cost;
  EXPECT_EQ(3 * one, three);
  EXPECT_EQ(one + one + one, three);
  Cost rest = three;
  rest -= one;
  EXPECT_EQ(rest, 2 * one);
  EXPECT_EQ(0 * one, Cost{});
}

TEST(Cost, IsKnownAtCompileTime) {
  constexpr Cost kCost = 2 * Cost{}.add(Op::kFloat, 4).add(Traffic::kDram, 16);
  static_assert(kCost.op(Op::kFloat) == 8);
  static_assert(kCost.traffic(Traffic::kDram) == 32);
  EXPECT_EQ(kCost.op(Op::kSpecial), 0U);
}

TEST(PhaseWork, SumsAndDifferencesTouchEveryField) {
  PhaseWork sum = phase_work(1);
  sum += phase_work(4);
  EXPECT_EQ(sum, phase_work(5));
  sum -= phase_work(3);
  EXPECT_EQ(sum, phase_work(2));
}

TEST(Work, PhasesAreApart) {
  Work work;
  work[Phase::kDecode].output_tokens = 9;
  EXPECT_EQ(work[Phase::kDecode].output_tokens, 9U);
  EXPECT_EQ(work[Phase::kPrefill], PhaseWork{});
}

TEST(Work, TotalIsTheSumOverThePhases) {
  EXPECT_EQ(work_of(1).total(), phase_work(1 + 2 + 3 + 4 + 5));
  EXPECT_EQ(Work{}.total(), PhaseWork{});
}

TEST(Work, LayersAddUpDivideAndHaveDifferencesToo) {
  Work work;
  EXPECT_TRUE(work.layers().empty());
  work.add_layers(std::vector<Seconds>{Seconds(1.0), Seconds(2.0)});
  const Work snapshot = work;
  work.add_layers(std::vector<Seconds>{Seconds(0.5), Seconds(0.5), Seconds(4.0)});
  ASSERT_EQ(work.layers().size(), 3U);
  EXPECT_EQ(work.layers()[1], Seconds(2.5));
  const Work delta = work.since(snapshot);
  EXPECT_EQ(delta.layers()[0], Seconds(0.5));
  EXPECT_EQ(delta.layers()[2], Seconds(4.0));
  Work sum = work;
  sum += work;
  EXPECT_EQ(sum.divided_by(2), work);
  EXPECT_EQ(work.total(), PhaseWork{}) << "layers are parts of phases, not more of them";
}

TEST(Work, SinceIsWhatWasAddedAfterTheSnapshot) {
  Work counter = work_of(10);
  const Work snapshot = counter;
  counter += work_of(3);
  EXPECT_EQ(counter.since(snapshot), work_of(3));
  EXPECT_EQ(counter.since(counter), Work{});
  EXPECT_EQ(counter.since(Work{}), counter);
}

TEST(Work, OneOfManyEqualPiecesIsOneOfThem) {
  Work sum;
  for (int i = 0; i < 4; ++i) sum += work_of(3);
  EXPECT_EQ(sum.divided_by(4), work_of(3));
  EXPECT_DEATH((void)work_of(3).divided_by(1000003), "check failed");
}

TEST(Names, EveryKindHasItsOwn) {
  EXPECT_EQ(phase_name(Phase::kPrefill), "prefill");
  EXPECT_EQ(phase_name(Phase::kDecode), "decode");
  EXPECT_EQ(phase_name(Phase::kRetrieval), "retrieval");
  EXPECT_EQ(phase_name(Phase::kTool), "tool");
  EXPECT_EQ(phase_name(Phase::kIdle), "idle");
  EXPECT_EQ(op_name(Op::kFloat), "float");
  EXPECT_EQ(op_name(Op::kInt8), "int8");
  EXPECT_EQ(op_name(Op::kSpecial), "special");
  EXPECT_EQ(traffic_name(Traffic::kDram), "dram");
  EXPECT_EQ(traffic_name(Traffic::kCache), "cache");
  EXPECT_EQ(traffic_name(Traffic::kDevice), "device");
  EXPECT_EQ(traffic_name(Traffic::kNetwork), "network");
  EXPECT_EQ(traffic_name(Traffic::kStorage), "storage");
}

TEST(Names, AllPhasesAreListedOnceAndInOrder) {
  for (std::size_t i = 0; i < kPhases; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kAllPhases[i]), i);
  }
}

}  // namespace
}  // namespace frugal
