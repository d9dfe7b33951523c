#include "frugal/train/torch/state_shards.h"

#include <algorithm>
#include <memory>
#include <numeric>

namespace frugal::train {

std::vector<std::size_t> share_out(const std::vector<Slot>& slots, std::size_t ranks) {
  std::vector<std::size_t> order(slots.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return slots[a].value.numel() > slots[b].value.numel();
  });
  std::vector<std::int64_t> load(ranks, 0);
  std::vector<std::size_t> owners(slots.size(), 0);
  for (const std::size_t slot : order) {
    const auto least = std::min_element(load.begin(), load.end());
    owners[slot] = static_cast<std::size_t>(least - load.begin());
    *least += slots[slot].value.numel();
  }
  return owners;
}

StateShards::StateShards(Communicator& communicator, Optimizer& optimizer)
    : communicator_(communicator),
      optimizer_(optimizer),
      owners_(share_out(optimizer.slots(), communicator.ranks())) {
  drop();
}

void StateShards::share_values() {
  const Communicator::Clock clock(communicator_);
  std::vector<std::unique_ptr<Transfer>> underway;
  for (std::size_t s = 0; s < owners_.size(); ++s) {
    const Tensor value = optimizer_.slots()[s].value.detach();
    underway.push_back(communicator_.begin_broadcast(value, owners_[s]));
  }
  for (const auto& transfer : underway) transfer->wait();
}

void StateShards::gather() {
  const Communicator::Clock clock(communicator_);
  for (std::size_t s = 0; s < owners_.size(); ++s) {
    Slot& slot = optimizer_.slots()[s];
    if (owners_[s] == 0) continue;
    std::vector<Tensor> state = slot.state;
    while (state.size() < optimizer_.state_names(slot).size()) {
      state.push_back(at::empty_like(slot.value).detach());
    }
    for (const Tensor& one : state) communicator_.broadcast(one, owners_[s]);
    if (communicator_.rank() == 0) slot.state = std::move(state);
  }
}

void StateShards::drop() {
  for (std::size_t s = 0; s < owners_.size(); ++s) {
    if (owners_[s] != communicator_.rank()) optimizer_.slots()[s].state.clear();
  }
}

}  // namespace frugal::train
