#include "frugal/train/torch/compressor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "frugal/train/torch/power_sgd.h"
#include "frugal/train/torch/ranks_for_test.h"

namespace frugal::train {
namespace {

using test_ranks::in_ranks;
using test_ranks::Mirror;
using test_ranks::numbers;
using test_ranks::values_of;

Bucket bucket_of(const std::vector<std::vector<std::int64_t>>& shapes) {
  std::vector<Slot> slots;
  for (const auto& shape : shapes) slots.push_back({"x", at::zeros(shape), {}});
  return make_buckets(slots, std::size_t{1} << 40).front();
}

ParallelRecipe rule(const std::string& compress) {
  ParallelRecipe recipe;
  recipe.compress = compress;
  return recipe;
}

void exchange(Compressor& compressor) {
  compressor.begin();
  while (!compressor.advance()) {
  }
}

// The sum of two ranks with the numbers `x`.
Tensor twice(Compressor& compressor, const Bucket& bucket, const Tensor& x) {
  Tensor flat = bucket.flat;
  flat.copy_(x);
  exchange(compressor);
  return flat.clone();
}

double distance(const Tensor& a, const Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

TEST(Compressor, NoneIsTheSum) {
  Mirror two(2);
  const Bucket bucket = bucket_of({{3}});
  const auto none = make_compressor(rule("none"), two, bucket);
  EXPECT_EQ(values_of(twice(*none, bucket, numbers({1, -2, 0.5F}))),
            (std::vector<float>{2, -4, 1}));
  EXPECT_EQ(two.so_far().bytes, 2 * 12U);
}

TEST(Compressor, HalfKeepsSmallNumbersByScalingAndMovesHalf) {
  Mirror two(2);
  const Bucket bucket = bucket_of({{3}});
  const auto half = make_compressor(rule("fp16"), two, bucket);
  const Tensor x = numbers({1e-7F, -3e-8F, 2e-7F});
  (void)twice(*half, bucket, x);  // from now on it knows the scale
  EXPECT_LT(distance(twice(*half, bucket, x), 2.0 * x), 1e-3);
  EXPECT_EQ(two.so_far().bytes, 2 * 2 * 6U);
}

TEST(Compressor, HalfCutsOffWhatWouldOverflowAndKeepsWhatIsNoNumber) {
  Mirror two(2);
  const Bucket bucket = bucket_of({{3}});
  const auto half = make_compressor(rule("fp16"), two, bucket);
  const float inf = std::numeric_limits<float>::infinity();
  const auto sum = values_of(twice(*half, bucket, numbers({1e9F, inf, std::nanf("")})));
  EXPECT_NEAR(sum[0], 65504.0F, 64.0F);
  EXPECT_FALSE(std::isfinite(sum[1]));
  EXPECT_FALSE(std::isfinite(sum[2]));
}

TEST(Compressor, BytesAreOffByHalfAStepOfTheirBlock) {
  Mirror two(2);
  const Bucket bucket = bucket_of({{300}});
  const auto bytes = make_compressor(rule("int8"), two, bucket);
  const Tensor x = at::sin(at::arange(300, at::kFloat));
  const Tensor sum = twice(*bytes, bucket, x);
  EXPECT_LE((sum - 2.0 * x).abs().max().item<double>(), 1.001 / 127.0);
  EXPECT_EQ(two.so_far().bytes, 2 * (512 + 2 * 4U));
}

TEST(Compressor, BytesOfZerosAreZerosAndNoNumberStaysNone) {
  Mirror two(2);
  const Bucket bucket = bucket_of({{4}});
  const auto bytes = make_compressor(rule("int8"), two, bucket);
  EXPECT_EQ(values_of(twice(*bytes, bucket, at::zeros({4}))), std::vector<float>(4, 0.0F));
  const Tensor sum = twice(*bytes, bucket, numbers({1, std::nanf(""), 0, 2}));
  EXPECT_FALSE(std::isfinite(sum.sum().item<double>()));
}

TEST(Compressor, TopShareSendsTheLargestAndTheRestLater) {
  Mirror two(2);
  const Bucket bucket = bucket_of({{4}});
  ParallelRecipe recipe = rule("topk");
  recipe.top_share = 0.25;
  const auto top = make_compressor(recipe, two, bucket);
  const Tensor x = numbers({1, -5, 2, 3});
  EXPECT_EQ(values_of(twice(*top, bucket, x)), (std::vector<float>{0, -10, 0, 0}));
  const Tensor none = at::zeros({4});
  EXPECT_EQ(values_of(twice(*top, bucket, none)), (std::vector<float>{0, 0, 0, 6}));
  EXPECT_EQ(values_of(twice(*top, bucket, x)), (std::vector<float>{0, -10, 0, 0}));
  EXPECT_EQ(values_of(twice(*top, bucket, none)), (std::vector<float>{0, 0, 8, 0}));
  EXPECT_EQ(two.so_far().bytes, 4 * 2 * 8U);
}

TEST(Compressor, WhatFeedsErrorsBackSendsEverythingInTheEnd) {
  for (const char* name : {"int8", "topk", "powersgd"}) {
    Mirror two(2);
    const Bucket bucket = bucket_of({{24, 20}, {7}});
    ParallelRecipe recipe = rule(name);
    recipe.top_share = 0.1;
    recipe.rank = 2;
    const auto compressor = make_compressor(recipe, two, bucket);
    at::manual_seed(3);
    const Tensor x = at::randn({487});
    Tensor received = at::zeros({487});
    for (int step = 0; step < 60; ++step) received += twice(*compressor, bucket, x);
    EXPECT_LT(distance(received, 120.0 * x), 0.1) << name;
  }
}

TEST(Compressor, PowerSgdFindsAMatrixOfLowRank) {
  Mirror two(2);
  const Bucket bucket = bucket_of({{30, 20}, {5}});
  ParallelRecipe recipe = rule("powersgd");
  recipe.rank = 2;
  const auto power = make_compressor(recipe, two, bucket);
  at::manual_seed(5);
  const Tensor matrix = at::mm(at::randn({30, 2}), at::randn({2, 20}));
  // The slots lie in a bucket from the last to the first.
  const Tensor x = at::cat({numbers({1, 2, 3, 4, 5}), matrix.view(-1)});
  EXPECT_LT(distance(twice(*power, bucket, x), 2.0 * x), 1e-4);
  EXPECT_EQ(two.so_far().bytes, 2 * 4 * ((30 + 20) * 2 + 5U));
  const Tensor nothing = at::zeros({605});
  EXPECT_LT(twice(*power, bucket, nothing).norm().item<double>(), 1e-3) << "the rest was kept";
  EXPECT_LT(distance(twice(*power, bucket, x), 2.0 * x), 1e-2) << "and it finds it again";
}

TEST(Compressor, PowerSgdSumsWhatIsNoMatrixWorthIt) {
  Mirror two(2);
  const Bucket bucket = bucket_of({{3, 3}, {6}});
  const auto power = make_compressor(rule("powersgd"), two, bucket);
  const Tensor x = at::arange(15, at::kFloat);
  EXPECT_EQ(values_of(twice(*power, bucket, x)), values_of(2.0 * x));
}

TEST(Compressor, AllRanksGetTheSameBits) {
  for (const char* name : {"none", "fp16", "int8", "topk", "powersgd"}) {
    in_ranks(3, [&](Communicator& group) {
      const Bucket bucket = bucket_of({{40, 30}, {11}});
      ParallelRecipe recipe = rule(name);
      recipe.rank = 2;
      const auto compressor = make_compressor(recipe, group, bucket);
      for (int step = 0; step < 3; ++step) {
        const auto at = static_cast<double>(group.rank() + 1) + 10.0 * step;
        bucket.flat.detach().copy_(at::sin(at::arange(1211, at::kFloat) * at));
        exchange(*compressor);
        std::vector<Tensor> all;
        group.begin_gather(bucket.flat, all)->wait();
        EXPECT_TRUE(at::equal(all[0], all[1]) && at::equal(all[0], all[2])) << name;
      }
    });
  }
}

TEST(Orthogonalise, GivesOrthonormalColumnsAlsoWhereTheyVanish) {
  at::manual_seed(1);
  Tensor x = at::randn({12, 4});
  x.select(1, 2).copy_(x.select(1, 0) * 3.0);
  x.select(1, 3).zero_();
  orthogonalise(x);
  EXPECT_LT((at::mm(x.t(), x) - at::eye(4)).abs().max().item<double>(), 1e-5);
}

}  // namespace
}  // namespace frugal::train
