#pragma once

/// Private to this folder: what the loop does because it is one of several.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frugal/train/ranks.h"
#include "frugal/train/recipe.h"
#include "frugal/train/torch/checkpoint.h"
#include "frugal/train/torch/communicator.h"
#include "frugal/train/torch/gradient_sync.h"
#include "frugal/train/torch/network.h"
#include "frugal/train/torch/optimizer.h"
#include "frugal/train/torch/outer_step.h"
#include "frugal/train/torch/state_shards.h"

namespace frugal::train {

/// One rank's share of a run.  All ranks make the same calls in the same order; a rank that is
/// alone makes them too, and they do nothing.
///
/// Ranks meet after every step, or with `parallel.every` above 1 after each so many and the last:
/// then all have the same parameters.
///
/// Errors:  LostRanks from everything that meets the others.
/// Threads: one at a time.
class Parallel {
 public:
  Parallel(const ParallelRecipe& recipe, const Ranks& ranks);

  [[nodiscard]] std::size_t rank() const { return communicator_->rank(); }
  [[nodiscard]] std::size_t ranks() const { return communicator_->ranks(); }
  [[nodiscard]] bool alone() const { return ranks() == 1; }
  [[nodiscard]] bool leads() const { return rank() == 0; }
  /// "rank 1 of 2"
  [[nodiscard]] std::string name() const;

  /// `work` on rank 0, and then on the others: they find the files that it left.
  void leader_first(const std::function<void()>& work);

  /// What further tensors a checkpoint holds.
  [[nodiscard]] std::vector<Parameter> memory() const;
  void attach(Optimizer& optimizer);
  /// Gives all what rank 0 found in a checkpoint, or began with.  Returns `resumed` of rank 0.
  /// Errors: kInvalidArgument where `run` is another text than on rank 0.
  bool start(Network& network, Optimizer& optimizer, RunState& state, bool resumed,
             const std::string& run);

  /// What a step computes.
  struct Counts {
    std::uint64_t targets = 0;
    std::uint64_t tokens = 0;
  };
  /// Of all ranks; between meetings the targets are this rank's own, and the others are taken to
  /// compute as many tokens as it does, until they meet.
  [[nodiscard]] Counts counts(const Counts& own);
  void before_last_backward();
  /// Makes the gradients those of all ranks, and returns the loss of all.
  [[nodiscard]] double after_backward(double loss);
  /// After the optimizer's step number `step`; returns how many tokens more than counted were
  /// computed, as a difference that may be below zero.
  std::int64_t finish_step(std::uint64_t step, bool last);
  /// Whether the latest step ended in a meeting.
  [[nodiscard]] bool met() const { return met_; }
  /// Σ over ranks
  [[nodiscard]] std::vector<double> sums(const std::vector<double>& own);

  /// Whether this rank's memory dies with it.
  [[nodiscard]] bool sharded() const { return shards_.has_value(); }
  void before_checkpoint();
  void after_checkpoint();
  /// The parameters of the latest meeting: what is left when a rank is lost.
  void restore();

  [[nodiscard]] std::optional<Communication> so_far() const;

 private:
  ParallelRecipe recipe_;
  std::unique_ptr<Communicator> communicator_;
  std::unique_ptr<GradientSync> gradients_;
  std::unique_ptr<OuterStep> outer_;
  std::optional<StateShards> shards_;
  Optimizer* optimizer_ = nullptr;
  bool met_ = true;
  std::int64_t own_tokens_ = 0;  ///< since the latest meeting
};

}  // namespace frugal::train
