#include "frugal/train/torch/state_shards.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/variable.h>

#include <string>
#include <vector>

#include "frugal/train/torch/ranks_for_test.h"

namespace frugal::train {
namespace {

using test_ranks::in_ranks;

std::vector<Slot> slots_of(const std::vector<std::int64_t>& sizes) {
  std::vector<Slot> slots;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    at::manual_seed(i);
    slots.push_back({"slot" + std::to_string(i), at::randn({sizes[i]}), {}});
    slots.back().value.set_requires_grad(true);
  }
  return slots;
}

void step(Optimizer& optimizer, int number) {
  for (Slot& slot : optimizer.slots()) {
    slot.value.mutable_grad() =
        at::sin(at::arange(slot.value.numel(), at::kFloat) * static_cast<double>(number + 1));
  }
  optimizer.step(1.0);
}

TEST(ShareOut, GivesTheLargestFirstToWhoHasLeast) {
  EXPECT_EQ(share_out(slots_of({1, 9, 4, 4}), 2), (std::vector<std::size_t>{1, 0, 1, 1}));
  EXPECT_EQ(share_out(slots_of({3, 3, 3}), 3), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(share_out(slots_of({3}), 4), (std::vector<std::size_t>{0}));
}

TEST(StateShards, MakeTheStepsOfAWholeOptimizer) {
  const std::vector<std::int64_t> sizes = {5, 3, 8, 2};
  Optimizer whole({}, slots_of(sizes));
  for (int i = 0; i < 3; ++i) step(whole, i);
  in_ranks(2, [&](Communicator& group) {
    Optimizer optimizer({}, slots_of(sizes));
    StateShards shards(group, optimizer);
    for (int i = 0; i < 3; ++i) {
      step(optimizer, i);
      shards.share_values();
    }
    shards.gather();
    for (std::size_t s = 0; s < sizes.size(); ++s) {
      EXPECT_TRUE(at::equal(optimizer.slots()[s].value, whole.slots()[s].value)) << s;
      if (group.rank() > 0) continue;
      ASSERT_EQ(optimizer.slots()[s].state.size(), 2U);
      EXPECT_TRUE(at::equal(optimizer.slots()[s].state[1], whole.slots()[s].state[1])) << s;
    }
    shards.drop();
    std::uint64_t kept = 0;
    for (const Slot& slot : optimizer.slots()) {
      if (!slot.state.empty()) kept += static_cast<std::uint64_t>(slot.value.numel());
    }
    EXPECT_EQ(kept, group.rank() == 0 ? 10U : 8U) << "about half of all";
  });
}

}  // namespace
}  // namespace frugal::train
