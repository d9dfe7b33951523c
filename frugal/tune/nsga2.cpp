#include "frugal/tune/nsga2.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/base/str.h"
#include "frugal/tune/pareto.h"

namespace frugal::tune {

namespace {
void check(const Nsga2Options& options) {
  const auto share = [](double value) { return value >= 0.0 && value <= 1.0; };
  if (options.population < 2 || !share(options.crossover_share) ||
      !share(options.mutation_share.value_or(0.0)) || !(options.crossover_index > 0.0) ||
      !(options.mutation_index > 0.0)) {
    throw Error(ErrorKind::kInvalidArgument,
                "NSGA-II: expected a population of 2 or more, shares of 0 to 1, indices above 0");
  }
}

// The places of `outcomes`, the best first.
std::vector<std::size_t> best_first(std::span<const Outcome* const> outcomes) {
  const std::vector<std::size_t> ranks = domination_ranks(outcomes);
  std::vector<double> crowding(outcomes.size());
  const std::size_t last = ranks.empty() ? 0 : *std::max_element(ranks.begin(), ranks.end());
  for (std::size_t rank = 0; rank <= last; ++rank) {
    std::vector<const Outcome*> front;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      if (ranks[i] != rank) continue;
      front.push_back(outcomes[i]);
      places.push_back(i);
    }
    const std::vector<double> distances = crowding_distances(front);
    for (std::size_t i = 0; i < places.size(); ++i) crowding[places[i]] = distances[i];
  }
  std::vector<std::size_t> order(outcomes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return ranks[a] < ranks[b] || (ranks[a] == ranks[b] && crowding[a] > crowding[b]);
  });
  return order;
}
}  // namespace

Nsga2Searcher::Nsga2Searcher(Space given, std::size_t objectives, const Nsga2Options& options)
    : Searcher(std::move(given), options.seed, objectives), options_(options) {
  check(options_);
}

std::vector<std::uint64_t> Nsga2Searcher::memory() const {
  std::vector<std::uint64_t> numbers = {generation_};
  numbers.insert(numbers.end(), parents_.begin(), parents_.end());
  return numbers;
}

void Nsga2Searcher::set_memory(const std::vector<std::uint64_t>& numbers) {
  const bool known = !numbers.empty() && numbers[0] <= trials().size() / options_.population &&
                     std::all_of(numbers.begin() + 1, numbers.end(),
                                 [&](std::uint64_t number) { return may_breed(number); });
  if (!known) throw Error(ErrorKind::kCorrupt, "state of a search: parents that cannot be");
  generation_ = numbers[0];
  parents_.assign(numbers.begin() + 1, numbers.end());
}

bool Nsga2Searcher::may_breed(std::uint64_t number) const {
  return number < trials().size() && trials()[number].outcome.state == TrialState::kComplete;
}

void Nsga2Searcher::choose_parents(std::uint64_t generation) {
  std::vector<std::uint64_t> numbers = parents_;
  // All generations since the last choice, should one have had no trial that is complete.
  for (std::uint64_t number = generation_ * options_.population; number < trials().size();
       ++number) {
    if (may_breed(number)) numbers.push_back(number);
  }
  std::vector<const Outcome*> outcomes;
  for (const std::uint64_t number : numbers) outcomes.push_back(&trials()[number].outcome);
  parents_.clear();
  for (const std::size_t place : best_first(outcomes)) {
    if (parents_.size() < options_.population) parents_.push_back(numbers[place]);
  }
  generation_ = generation;
}

std::optional<Point> Nsga2Searcher::propose() {
  Random source = random();
  const std::uint64_t generation = trials().size() / options_.population;
  if (generation > generation_) choose_parents(generation);
  return parents_.empty() ? space().sample(source) : breed(source);
}

// The parents stand in order: the one further ahead wins.
const Point& Nsga2Searcher::tournament(Random& source) const {
  const std::uint64_t first = source.below(parents_.size());
  const std::uint64_t second = source.below(parents_.size());
  return trials()[parents_[static_cast<std::size_t>(std::min(first, second))]].point;
}

Point Nsga2Searcher::breed(Random& source) const {
  Point child = tournament(source);
  const Point& other = tournament(source);
  const bool crossed = source.uniform() < options_.crossover_share;
  const double mutation =
      options_.mutation_share.value_or(1.0 / static_cast<double>(space().size()));
  for (std::size_t i = 0; i < child.size(); ++i) {
    if (crossed) child[i] = cross(i, child[i], other[i], source);
    if (source.uniform() < mutation) child[i] = mutate(i, child[i], source);
  }
  return child;
}

// beta = (2 u)^(1 / (eta + 1)) for u <= 1/2, else (1 / (2 - 2 u))^(1 / (eta + 1));
// child = ((1 + beta) mine + (1 - beta) other) / 2, and with equal chances the other way round.
double Nsga2Searcher::cross(std::size_t index, double mine, double other, Random& source) const {
  const Parameter& parameter = space().parameters()[index];
  const bool swapped = source.below(2) == 1;
  if (parameter.kind == ParameterKind::kCategory || options_.crossover == Crossover::kUniform) {
    return swapped ? other : mine;
  }
  if (source.below(2) == 1) return mine;  // half of the values are left as they are
  const double u = source.uniform();
  const double spread = u <= 0.5 ? 2.0 * u : 1.0 / (2.0 - (2.0 * u));
  const double beta = std::pow(spread, 1.0 / (options_.crossover_index + 1.0));
  const double a = parameter.to_line(swapped ? other : mine);
  const double b = parameter.to_line(swapped ? mine : other);
  return parameter.from_line(0.5 * (((1.0 + beta) * a) + ((1.0 - beta) * b)));
}

// delta = (2 u)^(1 / (eta + 1)) - 1 for u < 1/2, else 1 - (2 - 2 u)^(1 / (eta + 1)), of the width.
double Nsga2Searcher::mutate(std::size_t index, double value, Random& source) const {
  const Parameter& parameter = space().parameters()[index];
  if (parameter.kind == ParameterKind::kCategory) return parameter.sample(source);
  const double u = source.uniform();
  const double power = 1.0 / (options_.mutation_index + 1.0);
  const double delta =
      u < 0.5 ? std::pow(2.0 * u, power) - 1.0 : 1.0 - std::pow(2.0 - (2.0 * u), power);
  const double width = parameter.line_high() - parameter.line_low();
  return parameter.from_line(parameter.to_line(value) + (delta * width));
}

}  // namespace frugal::tune
