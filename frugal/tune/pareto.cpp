#include "frugal/tune/pareto.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "frugal/base/error.h"

namespace frugal::tune {

bool dominates(const Outcome& a, const Outcome& b) {
  FRUGAL_CHECK(a.objectives.size() == b.objectives.size());
  if (a.violation != b.violation) return a.violation < b.violation;
  if (a.violation > 0.0) return false;
  bool better = false;
  for (std::size_t i = 0; i < a.objectives.size(); ++i) {
    if (a.objectives[i] > b.objectives[i]) return false;
    better = better || a.objectives[i] < b.objectives[i];
  }
  return better;
}

std::vector<std::size_t> domination_ranks(std::span<const Outcome* const> outcomes) {
  const std::size_t count = outcomes.size();
  std::vector<std::vector<std::size_t>> worse(count);
  std::vector<std::size_t> better(count, 0);  // how many still stand above
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) {
      if (a == b || !dominates(*outcomes[a], *outcomes[b])) continue;
      worse[a].push_back(b);
      ++better[b];
    }
  }
  std::vector<std::size_t> ranks(count, 0);
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < count; ++i) {
    if (better[i] == 0) front.push_back(i);
  }
  for (std::size_t rank = 0; !front.empty(); ++rank) {
    std::vector<std::size_t> next;
    for (const std::size_t member : front) {
      ranks[member] = rank;
      for (const std::size_t other : worse[member]) {
        if (--better[other] == 0) next.push_back(other);
      }
    }
    front = std::move(next);
  }
  return ranks;
}

std::vector<double> crowding_distances(std::span<const Outcome* const> outcomes) {
  const std::size_t count = outcomes.size();
  std::vector<double> distances(count, 0.0);
  if (count == 0) return distances;
  std::vector<std::size_t> order(count);
  for (std::size_t k = 0; k < outcomes[0]->objectives.size(); ++k) {
    const auto value = [&](std::size_t i) { return outcomes[i]->objectives[k]; };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return value(a) < value(b); });
    distances[order.front()] = std::numeric_limits<double>::infinity();
    distances[order.back()] = std::numeric_limits<double>::infinity();
    const double extent = value(order.back()) - value(order.front());
    if (!(extent > 0.0)) continue;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      distances[order[i]] += (value(order[i + 1]) - value(order[i - 1])) / extent;
    }
  }
  return distances;
}

std::vector<std::uint64_t> pareto_front(std::span<const Trial> trials) {
  std::vector<const Trial*> allowed;
  for (const Trial& trial : trials) {
    const bool complete = trial.outcome.state == TrialState::kComplete;
    if (complete && trial.outcome.violation == 0.0) allowed.push_back(&trial);
  }
  std::vector<std::uint64_t> front;
  for (const Trial* trial : allowed) {
    const bool beaten = std::any_of(allowed.begin(), allowed.end(), [&](const Trial* other) {
      return dominates(other->outcome, trial->outcome);
    });
    if (!beaten) front.push_back(trial->number);
  }
  return front;
}

}  // namespace frugal::tune
