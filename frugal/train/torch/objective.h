#pragma once

/// Private to this folder: what a step makes smaller.

#include <memory>
#include <vector>

#include "frugal/train/corpus.h"
#include "frugal/train/recipe.h"
#include "frugal/train/torch/network.h"

namespace frugal::train {

/// What an exit said of a batch's targets.
struct ExitLoss {
  double hard = 0.0;
  std::uint64_t right = 0;
};

/// A batch's loss: `total` to differentiate, and the plain cross entropy of the data's own targets,
/// both sums over `targets`.
struct Loss {
  Tensor total;
  double hard = 0.0;
  std::uint64_t targets = 0;
  std::uint64_t right = 0;      ///< targets that have the largest score
  std::vector<ExitLoss> exits;  ///< by layer
};

/// The loss of a recipe: cross entropy of the targets, and with teachers also
///
///   hard * cross_entropy + (1 - hard) * T² KL(teachers' mean || student) + hidden * (1 - cos)
///
/// For each exit of the student the same without the last term, times `exit_weight`, is added.
///
/// Errors: kInvalidArgument for a teacher of another vocabulary, of another width when hidden
/// states
///         are compared, or one that does not answer what the student is asked.
class Objective {
 public:
  Objective(const Network& student, const DistillRecipe& recipe,
            std::vector<LabelGroup> labels = {}, double exit_weight = 0.0);

  /// Only rows whose next token is a target are scored: the others' logits are never computed.
  [[nodiscard]] Loss of(const Batch& batch) const { return measure(batch, teachers_.size()); }
  /// The data's own targets alone: what validation compares.
  [[nodiscard]] Loss untaught(const Batch& batch) const { return measure(batch, 0); }

 private:
  /// What a network says about the places that count.
  struct Answers {
    Tensor states;              ///< [n, width]
    Tensor scores;              ///< [n, tokens or labels]
    std::vector<Tensor> exits;  ///< scores of each, of the student
  };
  [[nodiscard]] Loss measure(const Batch& batch, std::size_t teachers) const;
  [[nodiscard]] Answers ask(const Network& network, const Inputs& inputs,
                            const Tensor& places) const;
  [[nodiscard]] Tensor mixed(const Tensor& hard, const Tensor& scores,
                             const std::vector<Tensor>& taught) const;

  const Network& student_;
  DistillRecipe recipe_;
  std::vector<LabelGroup> labels_;
  double exit_weight_;
  std::vector<std::unique_ptr<Network>> teachers_;
};

}  // namespace frugal::train
