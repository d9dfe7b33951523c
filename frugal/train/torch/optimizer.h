#pragma once

/// Private to this folder: gradients to steps.
///
/// Own code, not torch::optim: the state must be named for checkpoints and split between ranks, and
/// the keys of torch::optim's state differ between LibTorch 1.13 and 2.

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace frugal::train {

using at::Tensor;

enum class Rule { kSgd, kAdam, kAdamW, kAdagrad, kMuon };

/// "sgd", "adam", "adamw", "adagrad", "muon".
[[nodiscard]] std::string_view rule_name(Rule rule);
[[nodiscard]] std::optional<Rule> rule_from_name(std::string_view name);

struct OptimizerOptions {
  Rule rule = Rule::kAdamW;
  double rate = 1e-3;       ///< learning rate at factor 1
  double momentum = 0.9;    ///< SGD and Muon
  double beta1 = 0.9;       ///< Adam
  double beta2 = 0.95;      ///< Adam
  double epsilon = 1e-8;    ///< Adam, Adagrad
  double decay = 0.0;       ///< of matrices; vectors are never decayed
  double muon_rate = 0.02;  ///< Muon: rate of the matrices inside layers; the rest is AdamW's
};

/// One parameter with what the rule remembers of it.
struct Slot {
  std::string name;
  Tensor value;
  std::vector<Tensor> state;  ///< of the shape of `value`; see `state_names`
};

/// Steps of one rule.  With g the gradient, t the step from 1, r the rate:
///
///   SGD      m = momentum m + g;  w -= r m                       decay: g += decay w
///   Adagrad  s += g^2;  w -= r g / (sqrt(s) + epsilon)           decay: g += decay w
///   Adam     m = b1 m + (1 - b1) g;  s = b2 s + (1 - b2) g^2     decay: g += decay w
///            w -= r (m / (1 - b1^t)) / (sqrt(s / (1 - b2^t)) + epsilon)
///   AdamW    the same with w *= 1 - r decay in place of g += decay w
///   Muon     m = momentum m + g;  w -= r sqrt(max(1, rows / cols)) orthogonal(g + momentum m)
///            for matrices inside layers, AdamW for all else
///
/// Source:  Kingma and Ba 2014, arXiv:1412.6980, algorithm 1; Loshchilov and Hutter 2017,
///          arXiv:1711.05101; Duchi et al. 2011; SGD and decay as torch.optim; Muon: K. Jordan
///          2024, the quintic Newton-Schulz iteration of five steps.
/// Threads: one caller.
class Optimizer {
 public:
  Optimizer(const OptimizerOptions& options, std::vector<Slot> slots);

  /// One step with the gradients that the values hold; `factor` scales the rate.  Gradients are
  /// left as they are; so is a slot whose state was cleared: another rank's.
  void step(double factor);
  void zero_gradients();
  /// Steps taken, which the corrections of Adam need.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  void resume(std::uint64_t steps) { steps_ = steps; }

  [[nodiscard]] std::vector<Slot>& slots() { return slots_; }
  /// Names of a slot's state tensors, in order: "momentum", or "mean" and "square", …
  [[nodiscard]] std::vector<std::string_view> state_names(const Slot& slot) const;

 private:
  [[nodiscard]] Rule rule_of(const Slot& slot) const;

  OptimizerOptions options_;
  std::vector<Slot> slots_;
  std::uint64_t steps_ = 0;
};

/// Norm of all gradients together, which are scaled down to `limit` where it is above (0: never).
/// A gradient that is not finite gives a norm that is not finite, and no scaling.
double clip_gradients(const std::vector<Slot>& slots, double limit);

}  // namespace frugal::train
