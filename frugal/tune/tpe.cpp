#include "frugal/tune/tpe.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "frugal/base/error.h"
#include "frugal/tune/parzen.h"

namespace frugal::tune {
namespace {

constexpr std::size_t kMaxGood = 25;
constexpr std::size_t kFullWeights = 25;

bool is_finished(const Trial& trial) {
  return trial.outcome.state == TrialState::kComplete || trial.outcome.state == TrialState::kPruned;
}

// Less is better; the number breaks ties, so that the order is one.
std::tuple<double, bool, double, std::uint64_t> rank_of(const Trial& trial) {
  const bool pruned = trial.outcome.state == TrialState::kPruned;
  const double objective = pruned ? 0.0 : trial.outcome.objectives[0];
  return {trial.outcome.violation, pruned, objective, trial.number};
}

// The oldest first.
std::vector<double> weights_of(std::size_t count) {
  std::vector<double> weights(count, 1.0);
  if (count <= kFullWeights) return weights;
  const std::size_t ramp = count - kFullWeights;
  const double first = 1.0 / static_cast<double>(count);
  for (std::size_t i = 0; i < ramp; ++i) {
    const double share = ramp == 1 ? 0.0 : static_cast<double>(i) / static_cast<double>(ramp - 1);
    weights[i] = first + ((1.0 - first) * share);
  }
  return weights;
}

ParzenEstimator estimate(const Parameter& parameter, std::size_t index,
                         const std::vector<const Trial*>& trials, double prior_weight) {
  std::vector<double> values;
  for (const Trial* trial : trials) values.push_back(trial->point[index]);
  return {parameter, values, weights_of(values.size()), prior_weight};
}

}  // namespace

TpeSearcher::TpeSearcher(Space given, const TpeOptions& options)
    : Searcher(std::move(given), options.seed, 1), options_(options) {
  if (options.candidates == 0 || options.startup == 0 || !(options.prior_weight > 0.0)) {
    throw Error(ErrorKind::kInvalidArgument,
                "TPE: expected startup trials, candidates and a prior above 0");
  }
}

TpeSearcher::Split TpeSearcher::split() const {
  Split split;
  for (const Trial& trial : trials()) {
    if (is_finished(trial)) split.good.push_back(&trial);
  }
  std::sort(split.good.begin(), split.good.end(),
            [](const Trial* a, const Trial* b) { return rank_of(*a) < rank_of(*b); });
  const std::size_t good = std::min((split.good.size() + 9) / 10, kMaxGood);
  split.others.assign(split.good.begin() + static_cast<std::ptrdiff_t>(good), split.good.end());
  split.good.resize(good);
  for (const Trial& trial : trials()) {
    if (trial.outcome.state == TrialState::kPending) split.others.push_back(&trial);
  }
  const auto older = [](const Trial* a, const Trial* b) { return a->number < b->number; };
  std::sort(split.good.begin(), split.good.end(), older);
  std::sort(split.others.begin(), split.others.end(), older);
  return split;
}

std::optional<Point> TpeSearcher::propose() {
  Random source = random();
  const auto finished = std::count_if(trials().begin(), trials().end(), is_finished);
  if (finished < static_cast<std::ptrdiff_t>(options_.startup)) return space().sample(source);
  const Split trials_of = split();
  Point point;
  for (std::size_t i = 0; i < space().size(); ++i) point.push_back(choose(i, trials_of, source));
  return point;
}

double TpeSearcher::choose(std::size_t index, const Split& split, Random& source) const {
  const Parameter& parameter = space().parameters()[index];
  const ParzenEstimator good = estimate(parameter, index, split.good, options_.prior_weight);
  const ParzenEstimator others = estimate(parameter, index, split.others, options_.prior_weight);
  double best = good.sample(source);
  double best_score = good.log_density(best) - others.log_density(best);
  for (std::uint32_t drawn = 1; drawn < options_.candidates; ++drawn) {
    const double value = good.sample(source);
    const double score = good.log_density(value) - others.log_density(value);
    if (score <= best_score) continue;
    best = value;
    best_score = score;
  }
  return best;
}

}  // namespace frugal::tune
