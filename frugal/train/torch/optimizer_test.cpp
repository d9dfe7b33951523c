#include "frugal/train/torch/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>
#include <limits>
#include <vector>

namespace frugal::train {
namespace {

constexpr std::size_t kSteps = 4;

Slot slot_of(const std::string& name, const std::vector<std::int64_t>& shape) {
  at::manual_seed(7);
  Slot slot{name, at::randn(shape), {}};
  slot.value.set_requires_grad(true);
  return slot;
}

// The gradient of step t: known numbers that change sign and size.
double gradient(std::size_t step, std::int64_t at) {
  return std::sin(1.7 * static_cast<double>(step + 1) + static_cast<double>(at));
}

void give_gradient(Slot& slot, std::size_t step) {
  const at::NoGradGuard no_gradient;
  const at::Tensor g = at::empty(slot.value.sizes());
  for (std::int64_t i = 0; i < g.numel(); ++i) {
    g.data_ptr<float>()[i] = static_cast<float>(gradient(step, i));
  }
  slot.value.mutable_grad() = g;
}

/// One number's way through a rule, as the formulas in optimizer.h say, in double precision.
struct Reference {
  OptimizerOptions o;
  double w = 0.0;
  double first = 0.0;   // momentum, mean or sum of squares
  double second = 0.0;  // square

  void step(double g, double factor, std::size_t t) {
    const double rate = factor * o.rate;
    if (o.rule == Rule::kAdamW) {
      w *= 1.0 - (rate * o.decay);
    } else {
      g += o.decay * w;
    }
    if (o.rule == Rule::kSgd) {
      first = (o.momentum * first) + g;
      w -= rate * first;
    } else if (o.rule == Rule::kAdagrad) {
      first += g * g;
      w -= rate * g / (std::sqrt(first) + o.epsilon);
    } else {
      first = (o.beta1 * first) + ((1.0 - o.beta1) * g);
      second = (o.beta2 * second) + ((1.0 - o.beta2) * g * g);
      const double m = first / (1.0 - std::pow(o.beta1, static_cast<double>(t)));
      const double s = second / (1.0 - std::pow(o.beta2, static_cast<double>(t)));
      w -= rate * m / (std::sqrt(s) + o.epsilon);
    }
  }
};

class EveryRule : public testing::TestWithParam<Rule> {};

TEST_P(EveryRule, FollowsItsFormula) {
  const OptimizerOptions options{.rule = GetParam(), .rate = 0.05, .decay = 0.1};
  Slot slot = slot_of("w", {2, 3});
  std::vector<Reference> expected;
  for (std::int64_t i = 0; i < slot.value.numel(); ++i) {
    expected.push_back({options, static_cast<double>(slot.value.data_ptr<float>()[i])});
  }
  Optimizer optimizer(options, {slot});
  for (std::size_t step = 0; step < kSteps; ++step) {
    give_gradient(optimizer.slots()[0], step);
    const double factor = 1.0 / static_cast<double>(step + 1);
    optimizer.step(factor);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      expected[i].step(gradient(step, static_cast<std::int64_t>(i)), factor, step + 1);
    }
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(slot.value.data_ptr<float>()[i]), expected[i].w, 2e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizer, EveryRule,
                         testing::Values(Rule::kSgd, Rule::kAdam, Rule::kAdamW, Rule::kAdagrad),
                         [](const auto& instance) {
                           return std::string(rule_name(instance.param));
                         });

TEST(Optimizer, MuonTakesStepsWhoseSingularValuesAreNearlyEqual) {
  Slot slot = slot_of("blk.0.ffn_up.weight", {24, 8});
  const at::Tensor before = slot.value.detach().clone();
  Optimizer optimizer({.rule = Rule::kMuon, .muon_rate = 0.1}, {slot});
  give_gradient(optimizer.slots()[0], 0);
  slot.value.mutable_grad() = at::randn({24, 8});
  optimizer.step(1.0);
  const double scale = 0.1 * std::sqrt(3.0);
  const at::Tensor values = std::get<1>(at::svd((before - slot.value.detach()) / scale));
  EXPECT_GT(values.min().item<double>(), 0.5);
  EXPECT_LT(values.max().item<double>(), 1.5);
}

TEST(Optimizer, MuonLeavesVectorsAndEmbeddingsToAdamW) {
  const Slot vector = slot_of("blk.0.attn_norm.weight", {8});
  const Slot embedding = slot_of("token_embd.weight", {8, 8});
  const Slot matrix = slot_of("blk.0.attn_q.weight", {8, 8});
  const Optimizer optimizer({.rule = Rule::kMuon}, {vector, embedding, matrix});
  EXPECT_EQ(optimizer.state_names(vector).size(), 2U);
  EXPECT_EQ(optimizer.state_names(embedding).size(), 2U);
  EXPECT_EQ(optimizer.state_names(matrix).size(), 1U);
}

TEST(Optimizer, NeverDecaysVectors) {
  Slot slot = slot_of("gain", {5});
  const at::Tensor before = slot.value.detach().clone();
  Optimizer optimizer({.rule = Rule::kAdamW, .rate = 0.1, .decay = 0.5}, {slot});
  slot.value.mutable_grad() = at::zeros({5});
  optimizer.step(1.0);
  EXPECT_TRUE(at::equal(before, slot.value.detach()));
}

TEST(ClipGradients, ScalesAllTogetherToTheLimit) {
  Slot a = slot_of("a", {2});
  Slot b = slot_of("b", {2});
  a.value.mutable_grad() = at::full({2}, 3.0);
  b.value.mutable_grad() = at::full({2}, 4.0);
  const std::vector<Slot> slots = {a, b};
  const double norm = std::sqrt(50.0);
  EXPECT_NEAR(clip_gradients(slots, 0.0), norm, 1e-5);
  EXPECT_NEAR(clip_gradients(slots, 100.0), norm, 1e-5);
  EXPECT_NEAR(clip_gradients(slots, 1.0), norm, 1e-5);
  EXPECT_NEAR(clip_gradients(slots, 0.0), 1.0, 1e-5);
}

TEST(ClipGradients, TellsOfAGradientThatIsNoNumber) {
  Slot a = slot_of("a", {2});
  a.value.mutable_grad() = at::full({2}, std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(std::isfinite(clip_gradients({a}, 1.0)));
}

}  // namespace
}  // namespace frugal::train
