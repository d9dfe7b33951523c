#include "frugal/tune/nsga2.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "frugal/base/error.h"
#include "frugal/tune/pareto.h"

namespace frugal::tune {
namespace {

constexpr std::size_t kParameters = 10;

Space unit_space() {
  Space space;
  for (std::size_t i = 0; i < kParameters; ++i) space.add_float("x" + std::to_string(i), 0.0, 1.0);
  return space;
}

// The front: f2 = 1 - sqrt(f1), where all parameters but the first are 0.
std::vector<double> zdt1(const Point& x) {
  double sum = 0.0;
  for (std::size_t i = 1; i < x.size(); ++i) sum += x[i];
  const double g = 1.0 + (9.0 * sum / static_cast<double>(x.size() - 1));
  return {x[0], g * (1.0 - std::sqrt(x[0] / g))};
}

struct Reach {
  double distance = 0.0;    ///< mean over the front found of f2 - (1 - sqrt(f1))
  double widest_gap = 0.0;  ///< between neighbours in f1
};

Reach reach_of(const Searcher& searcher) {
  Reach reach;
  std::vector<double> first = {0.0, 1.0};
  const std::vector<std::uint64_t> front = pareto_front(searcher.trials());
  for (const std::uint64_t number : front) {
    const std::vector<double>& f = searcher.trials()[number].outcome.objectives;
    reach.distance += (f[1] - (1.0 - std::sqrt(f[0]))) / static_cast<double>(front.size());
    first.push_back(f[0]);
  }
  std::sort(first.begin(), first.end());
  for (std::size_t i = 1; i < first.size(); ++i) {
    reach.widest_gap = std::max(reach.widest_gap, first[i] - first[i - 1]);
  }
  return reach;
}

void run(Searcher& searcher, int trials) {
  for (int i = 0; i < trials; ++i) {
    const Trial trial = *searcher.ask();
    searcher.tell(trial.number, {.state = TrialState::kComplete, .objectives = zdt1(trial.point)});
  }
}

TEST(Nsga2, ReachesTheKnownFrontAndSpreadsOverIt) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Nsga2Searcher searcher(unit_space(), 2, {.seed = seed, .population = 50});
    run(searcher, 5000);
    const Reach reach = reach_of(searcher);
    std::printf("ZDT1, %zu parameters, 5000 trials: distance %.5f, widest gap %.3f\n", kParameters,
                reach.distance, reach.widest_gap);
    EXPECT_LT(reach.distance, 0.01);
    EXPECT_LT(reach.widest_gap, 0.06);
  }
}

TEST(Nsga2, UniformCrossoverReachesItToo) {
  Nsga2Searcher searcher(unit_space(), 2,
                         {.seed = 1, .population = 50, .crossover = Crossover::kUniform});
  run(searcher, 5000);
  EXPECT_LT(reach_of(searcher).distance, 0.03);
}

TEST(Nsga2, ObeysConstraints) {
  Nsga2Searcher searcher(unit_space(), 2, {.seed = 4, .population = 30});
  for (int i = 0; i < 3000; ++i) {
    const Trial trial = *searcher.ask();
    Outcome outcome = {.state = TrialState::kComplete, .objectives = zdt1(trial.point)};
    outcome.violation = std::max(0.0, 0.5 - trial.point[0]);
    searcher.tell(trial.number, outcome);
  }
  int allowed = 0;
  for (std::size_t i = 2500; i < 3000; ++i) {
    allowed += searcher.trials()[i].outcome.violation == 0.0 ? 1 : 0;
  }
  EXPECT_GT(allowed, 300);
  for (const std::uint64_t number : pareto_front(searcher.trials())) {
    EXPECT_GE(searcher.trials()[number].point[0], 0.5);
  }
}

TEST(Nsga2, SearchesMixedSpacesAndBearsFailures) {
  Space space;
  space.add_log_float("rate", 1e-4, 1.0).add_integer("layers", 1, 12).add_category("c", {"a", "b"});
  Nsga2Searcher searcher(space, 2, {.seed = 1, .population = 10});
  for (int i = 0; i < 400; ++i) {
    const Trial trial = *searcher.ask();
    const double error = std::abs(std::log10(trial.point[0]) + 2.0) + trial.point[2];
    Outcome outcome = {.state = TrialState::kComplete,
                       .objectives = {error + (3.0 / trial.point[1]), trial.point[1]}};
    if (i % 4 == 0 || i < 12) outcome = {.state = TrialState::kFailed, .objectives = {}};
    searcher.tell(trial.number, outcome);
  }
  const std::vector<std::uint64_t> front = pareto_front(searcher.trials());
  EXPECT_GE(front.size(), 5U);
  for (const std::uint64_t number : front) EXPECT_EQ(searcher.trials()[number].point[2], 0.0);
}

TEST(Nsga2, RefusesOptionsWithoutMeaning) {
  EXPECT_THROW(Nsga2Searcher(unit_space(), 2, {.population = 1}), Error);
  EXPECT_THROW(Nsga2Searcher(unit_space(), 2, {.crossover_share = 1.5}), Error);
  EXPECT_THROW(Nsga2Searcher(unit_space(), 2, {.mutation_share = -0.1}), Error);
  EXPECT_THROW(Nsga2Searcher(unit_space(), 2, {.mutation_index = 0.0}), Error);
  EXPECT_THROW(Nsga2Searcher(unit_space(), 0), Error);
}

TEST(Pareto, RanksAndCrowdsAsByHand) {
  const auto at = [](double a, double b, double violation = 0.0) {
    return Outcome{.state = TrialState::kComplete, .objectives = {a, b}, .violation = violation};
  };
  const std::vector<Outcome> outcomes = {at(0, 4), at(1, 2), at(4, 0),
                                         at(2, 3), at(5, 5), at(0, 0, 1)};
  std::vector<const Outcome*> pointers;
  for (const Outcome& outcome : outcomes) pointers.push_back(&outcome);
  EXPECT_EQ(domination_ranks(pointers), (std::vector<std::size_t>{0, 0, 0, 1, 2, 3}));
  const std::vector<double> crowding = crowding_distances(std::span(pointers).first(3));
  EXPECT_TRUE(std::isinf(crowding[0]));
  EXPECT_DOUBLE_EQ(crowding[1], 2.0);
  EXPECT_TRUE(std::isinf(crowding[2]));
  EXPECT_FALSE(dominates(outcomes[0], outcomes[0]));
  EXPECT_TRUE(crowding_distances({}).empty());
  EXPECT_TRUE(domination_ranks({}).empty());
}

}  // namespace
}  // namespace frugal::tune
