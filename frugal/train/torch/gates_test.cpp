#include "frugal/train/torch/gates.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "tests/support/tiny_model.h"

namespace frugal::train {
namespace {

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

at::Tensor numbers(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

TEST(HardConcreteGate, IsTheStretchedSigmoidCutToZeroAndOne) {
  const HardConcrete gate;
  for (const double log_alpha : {-3.0, -0.4, 0.0, 1.5}) {
    for (const double u : {0.01, 0.3, 0.5, 0.77, 0.99}) {
      const double s = sigmoid((std::log(u) - std::log(1.0 - u) + log_alpha) / (2.0 / 3.0));
      const double z = std::min(1.0, std::max(0.0, s * 1.2 - 0.1));
      EXPECT_NEAR(gate.sample(numbers({log_alpha}), numbers({u})).item<double>(), z, 1e-12);
    }
    const double used = std::min(1.0, std::max(0.0, sigmoid(log_alpha) * 1.2 - 0.1));
    EXPECT_NEAR(gate.in_use(numbers({log_alpha})).item<double>(), used, 1e-12);
  }
  EXPECT_EQ(gate.in_use(numbers({-2.5})).item<double>(), 0.0) << "exactly";
  EXPECT_EQ(gate.in_use(numbers({2.5})).item<double>(), 1.0) << "exactly";
}

TEST(HardConcreteGate, IsOpenAsOftenAsItSays) {
  const HardConcrete gate{.temperature = 0.5, .low = -0.2, .high = 1.3};
  at::manual_seed(3);
  for (const double log_alpha : {-2.0, 0.0, 1.0}) {
    const at::Tensor many = at::full({100000}, log_alpha, at::kDouble);
    const at::Tensor uniform = at::rand({100000}, at::kDouble).clamp(1e-6, 1.0 - 1e-6);
    const double share = gate.sample(many, uniform).gt(0.0).to(at::kDouble).mean().item<double>();
    const double said = gate.open(many[0]).item<double>();
    EXPECT_NEAR(said, sigmoid(log_alpha - (0.5 * std::log(0.2 / 1.3))), 1e-12);
    EXPECT_NEAR(share, said, 0.006) << log_alpha;
  }
}

TEST(HardConcreteGate, HasTheSlopesOfItsFormulas) {
  const HardConcrete gate;
  const at::Tensor uniform = numbers({0.3, 0.5, 0.6});
  const auto value = [&](const at::Tensor& log_alpha) {
    return (gate.sample(log_alpha, uniform) + gate.open(log_alpha)).sum();
  };
  at::Tensor log_alpha = numbers({-0.5, 0.1, 0.3});
  log_alpha.set_requires_grad(true);
  torch::autograd::backward({value(log_alpha)}, {});
  for (std::int64_t i = 0; i < 3; ++i) {
    const at::NoGradGuard no_gradient;
    at::Tensor up = log_alpha.detach().clone();
    at::Tensor down = up.clone();
    up[i].add_(1e-6);
    down[i].sub_(1e-6);
    const double slope = (value(up) - value(down)).item<double>() / 2e-6;
    EXPECT_NEAR(log_alpha.grad()[i].item<double>(), slope, 1e-6);
  }
}

class GatesOfTiny : public testing::Test {
 protected:
  static L0Recipe half() {
    L0Recipe recipe;
    recipe.target = 0.5;
    return recipe;
  }
  [[nodiscard]] at::Tensor hidden() const {
    const Batch batch{.rows = 1,
                      .length = 4,
                      .tokens = {1, 40, 41, 50},
                      .targets = {40, 41, 50, 2},
                      .positions = {0, 1, 2, 3},
                      .segments = {1, 1, 1, 1},
                      .documents = {},
                      .labels = {},
                      .target_count = 4,
                      .token_count = 4};
    return network_.hidden(inputs_of(batch, at::kCPU));
  }
  [[nodiscard]] at::Tensor memory(const std::string& name) const {
    for (const Parameter& one : network_.memory()) {
      if (one.name == name) return one.value;
    }
    throw std::runtime_error(name);
  }

  test::TempFolder folder_;
  Network network_{format::TensorFile::open(test::write_tiny_model(folder_ / "m.gguf", {})),
                   at::kCPU};
};

TEST_F(GatesOfTiny, CloseColumnsOfWhatIsSavedAndNothingElse) {
  const Gates gates(network_, half());
  {
    const at::NoGradGuard no_gradient;
    memory("l0.blk.1.ffn_down.weight").narrow(0, 10, 5).fill_(-4.0);
    memory("l0.blk.0.attn_output.weight")[2].fill_(-4.0);
  }
  network_.save(folder_ / "saved.gguf", DType::kF32);
  const Network saved(format::TensorFile::open(folder_ / "saved.gguf"), at::kCPU);
  const at::NoGradGuard no_gradient;
  for (std::size_t i = 0; i < network_.parameters().size(); ++i) {
    const Parameter& before = network_.parameters()[i];
    at::Tensor expected = before.value.detach().clone();
    if (before.name == "blk.1.ffn_down.weight") expected.narrow(1, 10, 5).zero_();
    if (before.name == "blk.0.attn_output.weight") expected.narrow(1, 32, 16).zero_();
    EXPECT_TRUE(at::allclose(saved.parameters()[i].value, expected)) << before.name;
  }
  const KeptGates kept = gates.kept();
  EXPECT_EQ(kept.channels, (2 * 96) - 5);
  EXPECT_EQ(kept.all_channels, 2 * 96);
  EXPECT_EQ(kept.heads, 7);
  // A channel stands for three vectors of 64, a head for two of 16 x 64.
  const double all = (2 * 96 * 3 * 64) + (8 * 2 * 16 * 64);
  EXPECT_NEAR(kept.share, 1.0 - (((5 * 3 * 64) + (2 * 16 * 64)) / all), 1e-9);
}

TEST_F(GatesOfTiny, AreDrawnWhereGradientsAreTakenAndFixedElsewhere) {
  L0Recipe recipe = half();
  recipe.initial = 0.5;
  const Gates gates(network_, recipe);
  EXPECT_FALSE(at::equal(hidden().detach(), hidden().detach()));
  const at::NoGradGuard no_gradient;
  EXPECT_TRUE(at::equal(hidden(), hidden()));
}

TEST_F(GatesOfTiny, ReachTheirTargetWhereNothingPullsAtThem) {
  Gates gates(network_, half());
  EXPECT_GT(gates.expected_share().item<double>(), 0.95);
  for (std::uint64_t step = 0; step < 300; ++step) {
    torch::autograd::backward({gates.penalty(step)}, {});
    gates.step(step);
  }
  EXPECT_NEAR(gates.expected_share().item<double>(), 0.5, 0.1);
}

TEST_F(GatesOfTiny, TheTargetFallsFromAllWhileTheyWarmUp) {
  L0Recipe recipe = half();
  recipe.warmup = 10;
  Gates gates(network_, recipe);
  const at::NoGradGuard no_gradient;
  memory("l0.multipliers")[0].fill_(1.0);
  const double share = gates.expected_share().item<double>();
  EXPECT_NEAR(gates.penalty(0).item<double>(), share - 1.0, 1e-6);
  EXPECT_NEAR(gates.penalty(5).item<double>(), share - 0.75, 1e-6);
  EXPECT_NEAR(gates.penalty(99).item<double>(), share - 0.5, 1e-6);
  memory("l0.multipliers")[1].fill_(2.0);
  const double gap = share - 0.5;
  EXPECT_NEAR(gates.penalty(99).item<double>(), gap + (2.0 * gap * gap), 1e-6);
}

}  // namespace
}  // namespace frugal::train
