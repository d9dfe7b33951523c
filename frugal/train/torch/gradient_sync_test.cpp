#include "frugal/train/torch/gradient_sync.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include <string>
#include <vector>

#include "frugal/train/torch/ranks_for_test.h"

namespace frugal::train {
namespace {

using test_ranks::in_ranks;

// Two matrices and a vector: y = sum((x a) b) + sum(v).
std::vector<Slot> toy_slots() {
  std::vector<Slot> slots;
  const std::vector<std::vector<std::int64_t>> shapes = {{6, 5}, {5, 4}, {7}};
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    at::manual_seed(100 + i);
    slots.push_back({"slot" + std::to_string(i), at::randn(shapes[i]), {}});
    slots.back().value.set_requires_grad(true);
  }
  return slots;
}

Tensor input_of(std::size_t rank, std::size_t batch) {
  return at::sin(at::arange(18, at::kFloat) * static_cast<double>(1 + rank + (10 * batch)))
      .view({3, 6});
}

void backward(const std::vector<Slot>& slots, const Tensor& x, bool with_vector = true) {
  Tensor y = at::mm(at::mm(x, slots[0].value).tanh(), slots[1].value).sum();
  if (with_vector) y = y + slots[2].value.pow(2).sum();
  torch::autograd::backward({y}, {});
}

// What one process computes that has all ranks' batches.
std::vector<Tensor> expected(std::size_t ranks, std::size_t batches) {
  const std::vector<Slot> slots = toy_slots();
  for (std::size_t r = 0; r < ranks; ++r) {
    for (std::size_t b = 0; b < batches; ++b) backward(slots, input_of(r, b));
  }
  std::vector<Tensor> out;
  for (const Slot& slot : slots) out.push_back(slot.value.grad().clone());
  return out;
}

TEST(MakeBuckets, FillsThemFromTheLastSlotOn) {
  const std::vector<Slot> slots = toy_slots();  // of 120, 80 and 28 bytes
  const auto buckets = make_buckets(slots, 120);
  ASSERT_EQ(buckets.size(), 2U);
  EXPECT_EQ(buckets[0].slots, (std::vector<std::size_t>{2, 1}));
  EXPECT_EQ(buckets[1].slots, (std::vector<std::size_t>{0}));
  EXPECT_EQ(buckets[0].flat.numel(), 27);
  EXPECT_EQ(buckets[0].parts[1].sizes(), slots[1].value.sizes());
  EXPECT_EQ(make_buckets(slots, 1).size(), 3U) << "a slot at least";
}

TEST(GradientSync, GivesTheGradientsOfOneProcessWithAllRows) {
  const auto wanted = expected(3, 2);
  in_ranks(3, [&](Communicator& group) {
    std::vector<Slot> slots = toy_slots();
    GradientSync sync(group, {}, slots);
    for (int step = 0; step < 2; ++step) {
      for (Slot& slot : slots) slot.value.mutable_grad().zero_();
      backward(slots, input_of(group.rank(), 0));
      sync.arm();
      backward(slots, input_of(group.rank(), 1));
      sync.finish();
      for (std::size_t s = 0; s < slots.size(); ++s) {
        EXPECT_TRUE(at::allclose(slots[s].value.grad(), wanted[s], 1e-5, 1e-5)) << s;
      }
    }
  });
}

// Buckets of one slot each: more than a bucket holds.
ParallelRecipe small_buckets() {
  ParallelRecipe recipe;
  recipe.bucket_mb = 0;
  return recipe;
}

TEST(GradientSync, SendsBucketsWhileBackwardIsUnderWay) {
  in_ranks(2, [](Communicator& group) {
    std::vector<Slot> slots = toy_slots();
    GradientSync sync(group, small_buckets(), slots);
    sync.arm();
    backward(slots, input_of(group.rank(), 0));
    EXPECT_EQ(sync.overlapped(), 3U);
    sync.finish();
  });
}

TEST(GradientSync, ARankThatDidNotUseAParameterAddsNothingToIt) {
  in_ranks(2, [](Communicator& group) {
    std::vector<Slot> slots = toy_slots();
    GradientSync sync(group, small_buckets(), slots);
    sync.arm();
    backward(slots, input_of(group.rank(), 0), group.rank() == 0);
    sync.finish();
    EXPECT_TRUE(at::allclose(slots[2].value.grad(), 2.0 * slots[2].value.detach()));
  });
}

TEST(GradientSync, ALostRankIsTheFaultOfFinish) {
  in_ranks(2, [](Communicator& group) {
    if (group.rank() == 1) return;
    std::vector<Slot> slots = toy_slots();
    GradientSync sync(group, small_buckets(), slots);
    const auto step = [&] {
      sync.arm();
      EXPECT_NO_THROW(backward(slots, input_of(0, 0)));
      sync.finish();
    };
    EXPECT_THROW(
        {
          for (int i = 0; i < 100; ++i) step();
        },
        LostRanks);
  });
}

TEST(GradientSync, GradientsLiveOnWithoutIt) {
  in_ranks(2, [](Communicator& group) {
    std::vector<Slot> slots = toy_slots();
    { const GradientSync sync(group, {}, slots); }
    EXPECT_NO_THROW(backward(slots, input_of(0, 0)));
  });
}

}  // namespace
}  // namespace frugal::train
