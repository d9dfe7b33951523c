#include "frugal/train/torch/ops.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace frugal::train {
namespace {

constexpr std::int64_t kLength = 12;

/// Two rows: a shared beginning of 3 with documents of 4 and 2, then padding; and one document
/// of 5.
struct Rows {
  std::vector<std::int64_t> segments = {0, 0, 0, 1, 1, 1,  1,  2,  2,  -1, -1, -1,
                                        1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1};
  std::vector<Block> blocks = {{0, 3, 0, 0}, {3, 4, 0, 3}, {7, 2, 0, 3}, {12, 5, 12, 0}};

  [[nodiscard]] Visibility visibility(bool causal) const {
    const at::Tensor positions = at::arange(kLength, at::kLong).repeat({2});
    return {at::tensor(segments, at::kLong), positions, 2, blocks, causal};
  }
};

model::Config shape() {
  model::Config config;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 6;
  config.query_scale = 0.4F;
  return config;
}

at::Tensor leaf(std::int64_t heads) {
  return at::randn({2 * kLength, heads, 6}).set_requires_grad(true);
}

TEST(Visibility, ShowsADocumentItselfAndTheSharedBeginning) {
  Rows rows;
  Visibility visible = rows.visibility(true);
  const at::Tensor seen = visible.mask(0).eq(0).view({2, kLength, kLength});
  const auto sees = [&](std::int64_t i, std::int64_t j) { return seen[0][i][j].item<bool>(); };
  EXPECT_TRUE(sees(8, 0) && sees(8, 2) && sees(8, 7) && sees(8, 8));
  EXPECT_FALSE(sees(8, 3)) << "another document";
  EXPECT_FALSE(sees(7, 8)) << "what comes later";
  EXPECT_FALSE(sees(1, 3)) << "the beginning sees no document";
  EXPECT_TRUE(sees(10, 10));
  EXPECT_FALSE(sees(10, 9) || sees(8, 9)) << "padding";
}

TEST(Visibility, AWindowHidesWhatIsFarBehind) {
  Rows rows;
  Visibility visible = rows.visibility(true);
  const at::Tensor seen = visible.mask(2).eq(0).view({2, kLength, kLength});
  EXPECT_TRUE(seen[1][4][3].item<bool>());
  EXPECT_FALSE(seen[1][4][2].item<bool>());
}

// Causal or not; kv heads for 4 query heads.
class BothWays : public testing::TestWithParam<std::tuple<bool, std::size_t>> {};

TEST_P(BothWays, BlocksGiveTheNumbersAndGradientsOfTheMask) {
  at::manual_seed(1);
  const Rows rows;
  const auto [causal, kv_heads] = GetParam();
  model::Config config = shape();
  config.kv_heads = kv_heads;
  Visibility visible = rows.visibility(causal);
  const auto of_keys = static_cast<std::int64_t>(kv_heads);
  const std::vector<at::Tensor> leaves = {leaf(4), leaf(of_keys), leaf(of_keys)};
  const at::Tensor counted = at::tensor(rows.segments, at::kLong).ge(0).unsqueeze(1);
  const auto gradients = [&](const at::Tensor& out) {
    for (const at::Tensor& x : leaves) x.mutable_grad() = at::Tensor();
    torch::autograd::backward({(out * counted).square().sum()}, {});
    std::vector<at::Tensor> all = {out.detach() * counted};
    for (const at::Tensor& x : leaves) all.push_back(x.grad().clone());
    return all;
  };
  const auto masked =
      gradients(attend_by_mask(leaves[0], leaves[1], leaves[2], config, visible.mask(0)));
  const auto blocked =
      gradients(attend_by_block(leaves[0], leaves[1], leaves[2],
                                static_cast<double>(config.query_scale), rows.blocks, causal));
  for (std::size_t i = 0; i < masked.size(); ++i) {
    EXPECT_TRUE(at::allclose(masked[i], blocked[i], 1e-4, 1e-5)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, BothWays,
                         testing::Combine(testing::Bool(), testing::Values(1, 2, 4)));

TEST(Rotate, KeepsLengthsAndTurnsBackByTheOppositeAngle) {
  at::manual_seed(2);
  const at::Tensor x = at::randn({5, 2, 8});
  const at::Tensor angles = at::randn({5, 3});
  for (const auto pairs : {model::RopePairs::kInterleaved, model::RopePairs::kHalves}) {
    const at::Tensor turned = rotate(x, at::cos(angles), at::sin(angles), pairs);
    EXPECT_TRUE(at::allclose(turned.norm(2, {2}), x.norm(2, {2}), 1e-5, 1e-6));
    EXPECT_TRUE(at::equal(turned.slice(2, 6), x.slice(2, 6))) << "the rest stays";
    const at::Tensor back = rotate(turned, at::cos(angles), -at::sin(angles), pairs);
    EXPECT_TRUE(at::allclose(back, x, 1e-5, 1e-6));
  }
}

}  // namespace
}  // namespace frugal::train
