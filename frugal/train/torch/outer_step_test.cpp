#include "frugal/train/torch/outer_step.h"

#include <gtest/gtest.h>

#include <vector>

#include "frugal/train/torch/ranks_for_test.h"

namespace frugal::train {
namespace {

using test_ranks::in_ranks;
using test_ranks::numbers;
using test_ranks::values_of;

constexpr double kRate = 0.5;
constexpr double kMomentum = 0.8;

ParallelRecipe recipe() {
  ParallelRecipe out;
  out.every = 4;
  out.outer_rate = kRate;
  out.outer_momentum = kMomentum;
  return out;
}

TEST(OuterStep, FollowsItsFormula) {
  in_ranks(2, [](Communicator& group) {
    const std::vector<Slot> slots = {{"w", numbers({1.0F}), {}}};
    Tensor value = slots[0].value;
    OuterStep outer(group, recipe(), slots);
    double common = 1.0;
    double momentum = 0.0;
    for (int round = 0; round < 3; ++round) {
      value.sub_(group.rank() == 0 ? 0.1 : 0.3);  // their own steps
      outer.step();
      const double difference = 0.2;
      momentum = (kMomentum * momentum) + difference;
      common -= kRate * (difference + (kMomentum * momentum));
      EXPECT_NEAR(values_of(value)[0], common, 1e-6) << "round " << round;
    }
    EXPECT_NEAR(values_of(outer.memory()[0].value)[0], momentum, 1e-6);
    EXPECT_EQ(outer.memory()[0].name, "outer.momentum.w");
  });
}

TEST(OuterStep, RestoresWhatAllHadInCommon) {
  test_ranks::Mirror two(2);
  const std::vector<Slot> slots = {{"w", numbers({1.0F, 2.0F}), {}}};
  Tensor value = slots[0].value;
  OuterStep outer(two, recipe(), slots);
  value.copy_(numbers({3.0F, 4.0F}));
  outer.start();
  value.add_(7.0);
  outer.restore();
  EXPECT_EQ(values_of(value), (std::vector<float>{3.0F, 4.0F}));
}

}  // namespace
}  // namespace frugal::train
