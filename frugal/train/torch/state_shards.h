#pragma once

/// Private to this folder: an optimizer's memory, divided among ranks.

#include <cstddef>
#include <vector>

#include "frugal/train/torch/communicator.h"
#include "frugal/train/torch/optimizer.h"

namespace frugal::train {

/// The rank that keeps each slot's state: the largest slots first, each to whom has least; equal
/// ranks by number.
[[nodiscard]] std::vector<std::size_t> share_out(const std::vector<Slot>& slots, std::size_t ranks);

/// ZeRO-1.  A rank keeps the state of its share of the slots, makes their steps (an optimizer
/// passes over a slot without state) and sends their values to the others.
///
/// Errors:  LostRanks.  The memory of a rank that is lost is lost with it.
/// Threads: one at a time.
/// Source:  Rajbhandari et al. 2019, arXiv:1910.02054, section 5.1.
class StateShards {
 public:
  /// Drops the states of the others' slots.
  StateShards(Communicator& communicator, Optimizer& optimizer);

  /// After a step: every rank gets the values that their owners made.
  void share_values();
  /// Before a checkpoint: rank 0 gets all states; `drop` gives them up again.
  void gather();
  void drop();

 private:
  Communicator& communicator_;
  Optimizer& optimizer_;
  std::vector<std::size_t> owners_;
};

}  // namespace frugal::train
