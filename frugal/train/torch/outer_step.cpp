#include "frugal/train/torch/outer_step.h"

#include <ATen/core/grad_mode.h>

namespace frugal::train {

OuterStep::OuterStep(Communicator& communicator, const ParallelRecipe& recipe,
                     const std::vector<Slot>& slots)
    : communicator_(communicator), recipe_(recipe), exchange_(communicator, recipe, slots) {
  for (const Slot& slot : slots) {
    slots_.push_back({slot.name, slot.value, {}});
    momentum_.push_back(at::zeros_like(slot.value).detach());
  }
  start();
}

void OuterStep::start() {
  common_.clear();
  for (const Slot& slot : slots_) common_.push_back(slot.value.detach().clone());
}

void OuterStep::step() {
  const at::NoGradGuard no_gradient;
  const Communicator::Clock clock(communicator_);
  const double share = 1.0 / static_cast<double>(communicator_.ranks());
  for (const Bucket& bucket : exchange_.buckets()) {
    for (std::size_t i = 0; i < bucket.slots.size(); ++i) {
      const std::size_t s = bucket.slots[i];
      Tensor part = bucket.parts[i];
      part.copy_(common_[s]).sub_(slots_[s].value).mul_(share);
    }
    exchange_.begin_next();
  }
  exchange_.finish();
  for (const Bucket& bucket : exchange_.buckets()) {
    for (std::size_t i = 0; i < bucket.slots.size(); ++i) {
      const std::size_t s = bucket.slots[i];
      momentum_[s].mul_(recipe_.outer_momentum).add_(bucket.parts[i]);
      common_[s].sub_(bucket.parts[i], recipe_.outer_rate);
      common_[s].sub_(momentum_[s], recipe_.outer_rate * recipe_.outer_momentum);
    }
  }
  restore();
}

void OuterStep::restore() {
  const at::NoGradGuard no_gradient;
  for (std::size_t s = 0; s < slots_.size(); ++s) slots_[s].value.copy_(common_[s]);
}

std::vector<Parameter> OuterStep::memory() const {
  std::vector<Parameter> out;
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    out.push_back({"outer.momentum." + slots_[s].name, momentum_[s]});
  }
  return out;
}

}  // namespace frugal::train
