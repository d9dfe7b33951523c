#pragma once

/// Private to this folder: gates that learn to close.

#include <cstdint>
#include <string>
#include <vector>

#include "frugal/train/recipe.h"
#include "frugal/train/torch/network.h"
#include "frugal/train/torch/optimizer.h"

namespace frugal::train {

/// A gate between 0 and 1 that is exactly 0, and exactly 1, with some probability:
///
///   s = sigmoid((log u - log(1 - u) + log_alpha) / temperature),   u uniform in (0, 1)
///   z = min(1, max(0, s (high - low) + low))
///   P(z != 0) = sigmoid(log_alpha - temperature log(-low / high))
///   in use:  z = min(1, max(0, sigmoid(log_alpha) (high - low) + low))
///
/// Shapes: all like log_alpha.
/// Source: Louizos et al. 2018, arXiv:1712.01312, equations 10 to 13.
struct HardConcrete {
  double temperature = 2.0 / 3.0;
  double low = -0.1;
  double high = 1.1;

  [[nodiscard]] Tensor sample(const Tensor& log_alpha, const Tensor& uniform) const;
  [[nodiscard]] Tensor in_use(const Tensor& log_alpha) const;
  [[nodiscard]] Tensor open(const Tensor& log_alpha) const;
};

/// What is left behind gates that are not closed.
struct KeptGates {
  std::int64_t channels = 0;
  std::int64_t all_channels = 0;
  std::int64_t heads = 0;
  std::int64_t all_heads = 0;
  double share = 0.0;  ///< of the weights behind all gates
};

/// A gate on each channel of each MLP (a column of `down`) and each query head (columns of
/// `attention_output`), as a lens of the network: sampled where gradients are taken, as they are in
/// use elsewhere, so that validation sees and saving writes the network with its gates folded in.
///
/// The share s of gated weights that is expected to stay, sum of P(z != 0) weighed by the matrix
/// rows and columns behind each gate, is driven to the target t, which falls from 1 over `warmup`
/// steps, by m1 (s - t) + m2 (s - t)²: gates descend on it, the multipliers m1 and m2 ascend.
///
/// Source:  Louizos et al. 2018; the multipliers: Wang et al. 2020, arXiv:1910.04732, section 3.2.
/// Threads: one caller.
class Gates {
 public:
  /// Looks through `network`, which must outlive this; what it learns is in the network's memory.
  Gates(Network& network, const L0Recipe& recipe);
  Gates(const Gates&) = delete;
  Gates& operator=(const Gates&) = delete;

  /// Σ P(z != 0), weighed, over all: between 0 and 1.
  [[nodiscard]] Tensor expected_share() const;
  /// What the step after `step` adds to the loss.
  [[nodiscard]] Tensor penalty(std::uint64_t step) const;
  /// One step of gates and multipliers, with the gradients that the gates hold.
  void step(std::uint64_t step);
  /// After a checkpoint was read: so many steps were taken.
  void resume(std::uint64_t steps) { optimizer_.resume(steps); }

  [[nodiscard]] KeptGates kept() const;

 private:
  struct Gate {
    std::string matrix;  ///< whose columns it multiplies
    Tensor log_alpha;    ///< [gates]
    std::int64_t span;   ///< columns of one gate
    double weights;      ///< behind one gate
    bool heads;
  };
  void add(const std::string& matrix, std::size_t count, std::int64_t span, double weights,
           bool heads);
  [[nodiscard]] std::vector<Slot> slots() const;
  [[nodiscard]] Tensor gated(const std::string& name, const Tensor& value) const;
  [[nodiscard]] double target_at(std::uint64_t step) const;

  Network& network_;
  L0Recipe recipe_;
  HardConcrete distribution_;
  std::vector<Gate> gates_;
  Tensor multipliers_;  ///< [2]
  Optimizer optimizer_;
};

}  // namespace frugal::train
