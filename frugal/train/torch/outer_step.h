#pragma once

/// Private to this folder: ranks that meet seldom.

#include <vector>

#include "frugal/train/torch/gradient_sync.h"
#include "frugal/train/torch/network.h"

namespace frugal::train {

/// The outer step of DiLoCo.  Between two meetings each rank trains alone; with a the parameters
/// that all had after the last meeting, w_r those of rank r now, n ranks:
///
///   d = Σ (a - w_r) / n;  m = momentum m + d;  a -= rate (d + momentum m);  w_r = a
///
/// The sum goes through the recipe's compressor.
///
/// Errors:  LostRanks.
/// Threads: one at a time.
/// Source:  Douillard et al. 2023, arXiv:2311.08105, algorithm 1, with Nesterov's momentum as in
///          torch.optim.SGD.
class OuterStep {
 public:
  OuterStep(Communicator& communicator, const ParallelRecipe& recipe,
            const std::vector<Slot>& slots);

  /// The values that the slots have now are common to all ranks.
  void start();
  void step();
  /// Gives the slots the values that all had after the last meeting.
  void restore();
  /// m, by the slots' names: for checkpoints.
  [[nodiscard]] std::vector<Parameter> memory() const;

 private:
  Communicator& communicator_;
  ParallelRecipe recipe_;
  std::vector<Slot> slots_;  ///< without their state
  std::vector<Tensor> common_;
  std::vector<Tensor> momentum_;
  Exchange exchange_;
};

}  // namespace frugal::train
