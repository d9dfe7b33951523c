#include "frugal/train/torch/gates.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "frugal/base/str.h"

namespace frugal::train {

namespace {

// Beyond these a gate hardly moves any more.
const double kMostAlpha = std::log(100.0);
const double kLeastAlpha = std::log(0.01);
constexpr double kEdge = 1e-6;  // of the uniform numbers: log(0) is no number

}  // namespace

Tensor HardConcrete::sample(const Tensor& log_alpha, const Tensor& uniform) const {
  const Tensor noise = at::log(uniform) - at::log(1.0 - uniform);
  const Tensor s = at::sigmoid((noise + log_alpha) / temperature);
  return at::clamp(s * (high - low) + low, 0.0, 1.0);
}

Tensor HardConcrete::in_use(const Tensor& log_alpha) const {
  return at::clamp(at::sigmoid(log_alpha) * (high - low) + low, 0.0, 1.0);
}

Tensor HardConcrete::open(const Tensor& log_alpha) const {
  return at::sigmoid(log_alpha - temperature * std::log(-low / high));
}

Gates::Gates(Network& network, const L0Recipe& recipe)
    : network_(network),
      recipe_(recipe),
      distribution_{recipe.temperature, recipe.low, recipe.high},
      multipliers_(at::zeros({2}, at::TensorOptions(at::kFloat).device(network.device()))),
      optimizer_({.rule = Rule::kAdam, .rate = recipe.rate, .beta2 = 0.999}, {}) {
  const model::Config& c = network.model().config;
  const auto width = static_cast<double>(c.embedding);
  for (const model::Layer& layer : network.model().layers) {
    const double matrices = layer.gate.weight.empty() ? 2.0 : 3.0;
    add(layer.down.weight.name, c.feed_forward, 1, matrices * width, false);
    add(layer.attention_output.weight.name, c.heads, static_cast<std::int64_t>(c.head_dim),
        2.0 * static_cast<double>(c.head_dim) * width, true);
  }
  optimizer_ = Optimizer({.rule = Rule::kAdam, .rate = recipe.rate, .beta2 = 0.999}, slots());
  for (const Gate& gate : gates_) network.remember({"l0." + gate.matrix, gate.log_alpha});
  for (Slot& slot : optimizer_.slots()) {
    network.remember({str("l0.mean.{}", slot.name), slot.state[0]});
    network.remember({str("l0.square.{}", slot.name), slot.state[1]});
  }
  network.remember({"l0.multipliers", multipliers_});
  network.look_through(
      [this](const std::string& name, const Tensor& value) { return gated(name, value); });
}

void Gates::add(const std::string& matrix, std::size_t count, std::int64_t span, double weights,
                bool heads) {
  const double start = std::log(recipe_.initial / (1.0 - recipe_.initial));
  Tensor log_alpha = at::full({static_cast<std::int64_t>(count)}, start,
                              at::TensorOptions(at::kFloat).device(network_.device()));
  log_alpha.set_requires_grad(true);
  gates_.push_back({matrix, log_alpha, span, weights, heads});
}

std::vector<Slot> Gates::slots() const {
  std::vector<Slot> out;
  for (const Gate& gate : gates_) out.push_back({gate.matrix, gate.log_alpha, {}});
  return out;
}

Tensor Gates::gated(const std::string& name, const Tensor& value) const {
  const auto gate = std::find_if(gates_.begin(), gates_.end(),
                                 [&name](const Gate& one) { return one.matrix == name; });
  if (gate == gates_.end()) return value;
  Tensor z;
  if (at::GradMode::is_enabled()) {
    const Tensor uniform = at::rand_like(gate->log_alpha.detach()).clamp(kEdge, 1.0 - kEdge);
    z = distribution_.sample(gate->log_alpha, uniform);
  } else {
    z = distribution_.in_use(gate->log_alpha);
  }
  return value * z.repeat_interleave(gate->span);
}

Tensor Gates::expected_share() const {
  Tensor stays = at::zeros_like(multipliers_[0]);
  double all = 0.0;
  for (const Gate& gate : gates_) {
    stays = stays + gate.weights * distribution_.open(gate.log_alpha).sum();
    all += gate.weights * static_cast<double>(gate.log_alpha.numel());
  }
  return stays / all;
}

double Gates::target_at(std::uint64_t step) const {
  if (step >= recipe_.warmup) return recipe_.target;
  const double way = static_cast<double>(step) / static_cast<double>(recipe_.warmup);
  return 1.0 - (way * (1.0 - recipe_.target));
}

Tensor Gates::penalty(std::uint64_t step) const {
  const Tensor gap = expected_share() - target_at(step);
  return multipliers_[0] * gap + multipliers_[1] * gap * gap;
}

void Gates::step(std::uint64_t step) {
  const at::NoGradGuard no_gradient;
  const double gap = expected_share().item<double>() - target_at(step);
  multipliers_[0].add_(recipe_.multiplier_rate * gap);
  multipliers_[1].add_(recipe_.multiplier_rate * gap * gap);
  optimizer_.step(1.0);
  optimizer_.zero_gradients();
  for (const Gate& gate : gates_) {
    const Tensor& log_alpha = gate.log_alpha;
    log_alpha.clamp_(kLeastAlpha, kMostAlpha);
  }
}

KeptGates Gates::kept() const {
  const at::NoGradGuard no_gradient;
  KeptGates out;
  double weights = 0.0;
  double all = 0.0;
  for (const Gate& gate : gates_) {
    const std::int64_t count = gate.log_alpha.numel();
    const std::int64_t open =
        distribution_.in_use(gate.log_alpha).gt(0.0).sum().item<std::int64_t>();
    (gate.heads ? out.heads : out.channels) += open;
    (gate.heads ? out.all_heads : out.all_channels) += count;
    weights += gate.weights * static_cast<double>(open);
    all += gate.weights * static_cast<double>(count);
  }
  out.share = weights / all;
  return out;
}

}  // namespace frugal::train
