#include "frugal/train/torch/optimizer.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "frugal/base/error.h"

namespace frugal::train {

namespace {

// U V^T of x = U S V^T, nearly: five steps of a quintic that drives singular values towards 1.
Tensor orthogonal(const Tensor& x) {
  constexpr double kA = 3.4445;
  constexpr double kB = -4.7750;
  constexpr double kC = 2.0315;
  const bool tall = x.size(0) > x.size(1);
  Tensor y = tall ? x.t() : x;
  y = y / (y.norm() + 1e-7);
  for (int i = 0; i < 5; ++i) {
    const Tensor gram = at::mm(y, y.t());
    const Tensor polynomial = at::addmm(gram, gram, gram, kB, kC);
    y = at::addmm(y, polynomial, y, kA, 1.0);
  }
  return tall ? y.t() : y;
}

void sgd(Slot& slot, const Tensor& gradient, const OptimizerOptions& o, double rate) {
  slot.state[0].mul_(o.momentum).add_(gradient);
  slot.value.add_(slot.state[0], -rate);
}

void adagrad(Slot& slot, const Tensor& gradient, const OptimizerOptions& o, double rate) {
  slot.state[0].addcmul_(gradient, gradient);
  slot.value.addcdiv_(gradient, slot.state[0].sqrt().add_(o.epsilon), -rate);
}

void adam(Slot& slot, const Tensor& gradient, const OptimizerOptions& o, double rate,
          std::uint64_t step) {
  const auto t = static_cast<double>(step);
  slot.state[0].mul_(o.beta1).add_(gradient, 1.0 - o.beta1);
  slot.state[1].mul_(o.beta2).addcmul_(gradient, gradient, 1.0 - o.beta2);
  const double mean_share = 1.0 - std::pow(o.beta1, t);
  const double square_share = 1.0 - std::pow(o.beta2, t);
  const Tensor divisor = slot.state[1].sqrt().div_(std::sqrt(square_share)).add_(o.epsilon);
  slot.value.addcdiv_(slot.state[0], divisor, -rate / mean_share);
}

void muon(Slot& slot, const Tensor& gradient, const OptimizerOptions& o, double rate) {
  slot.state[0].mul_(o.momentum).add_(gradient);
  const auto rows = static_cast<double>(slot.value.size(0));
  const auto cols = static_cast<double>(slot.value.size(1));
  const Tensor direction = orthogonal(gradient + o.momentum * slot.state[0]);
  slot.value.add_(direction, -rate * std::sqrt(std::max(1.0, rows / cols)));
}

}  // namespace

std::string_view rule_name(Rule rule) {
  switch (rule) {
    case Rule::kSgd:
      return "sgd";
    case Rule::kAdam:
      return "adam";
    case Rule::kAdamW:
      return "adamw";
    case Rule::kAdagrad:
      return "adagrad";
    case Rule::kMuon:
      return "muon";
  }
  return "";
}

std::optional<Rule> rule_from_name(std::string_view name) {
  for (const Rule rule : {Rule::kSgd, Rule::kAdam, Rule::kAdamW, Rule::kAdagrad, Rule::kMuon}) {
    if (rule_name(rule) == name) return rule;
  }
  return std::nullopt;
}

Optimizer::Optimizer(const OptimizerOptions& options, std::vector<Slot> slots)
    : options_(options), slots_(std::move(slots)) {
  for (Slot& slot : slots_) {
    slot.state.clear();
    for (std::size_t i = 0; i < state_names(slot).size(); ++i) {
      slot.state.push_back(at::zeros_like(slot.value).detach());
    }
  }
}

Rule Optimizer::rule_of(const Slot& slot) const {
  if (options_.rule != Rule::kMuon) return options_.rule;
  const bool inside = slot.value.dim() == 2 && slot.name.starts_with("blk.");
  return inside ? Rule::kMuon : Rule::kAdamW;
}

std::vector<std::string_view> Optimizer::state_names(const Slot& slot) const {
  switch (rule_of(slot)) {
    case Rule::kSgd:
    case Rule::kMuon:
      return {"momentum"};
    case Rule::kAdagrad:
      return {"square"};
    case Rule::kAdam:
    case Rule::kAdamW:
      return {"mean", "square"};
  }
  return {};
}

void Optimizer::step(double factor) {
  const at::NoGradGuard no_gradient;
  ++steps_;
  for (Slot& slot : slots_) {
    if (!slot.value.grad().defined() || slot.state.empty()) continue;
    const Rule rule = rule_of(slot);
    const double rate = factor * (rule == Rule::kMuon ? options_.muon_rate : options_.rate);
    const double decay = slot.value.dim() > 1 ? options_.decay : 0.0;
    Tensor gradient = slot.value.grad();
    if (decay > 0.0 && (rule == Rule::kAdamW || rule == Rule::kMuon)) {
      slot.value.mul_(1.0 - (rate * decay));
    } else if (decay > 0.0) {
      gradient = gradient.add(slot.value, decay);
    }
    switch (rule) {
      case Rule::kSgd:
        sgd(slot, gradient, options_, rate);
        break;
      case Rule::kAdagrad:
        adagrad(slot, gradient, options_, rate);
        break;
      case Rule::kAdam:
      case Rule::kAdamW:
        adam(slot, gradient, options_, rate, steps_);
        break;
      case Rule::kMuon:
        muon(slot, gradient, options_, rate);
        break;
    }
  }
}

void Optimizer::zero_gradients() {
  for (Slot& slot : slots_) {
    if (slot.value.grad().defined()) slot.value.mutable_grad().zero_();
  }
}

double clip_gradients(const std::vector<Slot>& slots, double limit) {
  const at::NoGradGuard no_gradient;
  std::vector<Tensor> norms;
  for (const Slot& slot : slots) {
    if (slot.value.grad().defined()) norms.push_back(slot.value.grad().norm());
  }
  if (norms.empty()) return 0.0;
  const double norm = at::stack(norms).norm().item<double>();
  if (limit <= 0.0 || !std::isfinite(norm) || norm <= limit) return norm;
  for (const Slot& slot : slots) {
    if (slot.value.grad().defined()) slot.value.mutable_grad().mul_(limit / norm);
  }
  return norm;
}

}  // namespace frugal::train
