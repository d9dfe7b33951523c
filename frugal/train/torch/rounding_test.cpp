#include "frugal/train/torch/rounding.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

namespace frugal::train {
namespace {

class EveryBlock : public testing::TestWithParam<DType> {};

TEST_P(EveryBlock, RoundsToNumbersThatTheFormatHolds) {
  at::manual_seed(1);
  const at::Tensor weights = at::randn({5, 64});
  const at::Tensor once = rounded(weights, GetParam());
  EXPECT_FALSE(at::equal(once, weights));
  EXPECT_TRUE(at::allclose(rounded(once, GetParam()), once, 1e-5, 1e-6)) << "rounding again";
  EXPECT_LT((once - weights).abs().max().item<double>(), 0.5);
}

TEST_P(EveryBlock, LetsTheGradientThrough) {
  at::manual_seed(2);
  const at::Tensor weights = at::randn({3, 32}).set_requires_grad(true);
  const at::Tensor coefficients = at::randn({3, 32});
  torch::autograd::backward({(rounded(weights, GetParam()) * coefficients).sum()}, {});
  EXPECT_TRUE(at::equal(weights.grad(), coefficients));
}

INSTANTIATE_TEST_SUITE_P(Rounded, EveryBlock,
                         testing::Values(DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1,
                                         DType::kQ8_0),
                         [](const auto& instance) { return std::string(name(instance.param)); });

}  // namespace
}  // namespace frugal::train
