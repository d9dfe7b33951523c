#include "frugal/tune/tpe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>
#include <set>

#include "frugal/base/error.h"
#include "frugal/base/statistics.h"
#include "frugal/tune/simple_search.h"

namespace frugal::tune {
namespace {

using Objective = std::function<double(const Point&)>;

Space branin_space() {
  Space space;
  space.add_float("x", -5.0, 10.0).add_float("y", 0.0, 15.0);
  return space;
}

// Minimum 0.397887 in three places.
double branin(const Point& p) {
  constexpr double kPi = std::numbers::pi;
  const double bend = p[1] - (5.1 / (4.0 * kPi * kPi) * p[0] * p[0]) + (5.0 / kPi * p[0]) - 6.0;
  return (bend * bend) + (10.0 * (1.0 - (1.0 / (8.0 * kPi))) * std::cos(p[0])) + 10.0;
}

Space mixed_space() {
  Space space;
  space.add_log_float("rate", 1e-5, 1.0).add_integer("layers", 1, 16);
  space.add_category("optimizer", {"sgd", "adam", "lamb", "lion"}).add_float("dropout", 0.0, 0.9);
  return space;
}

// Minimum 0 at rate 1e-3, 5 layers, lamb, no dropout.
double mixed(const Point& p) {
  const double decades = std::log10(p[0]) + 3.0;
  const double layers = (p[1] - 5.0) / 5.0;
  return (decades * decades) + (layers * layers) + (p[2] == 2.0 ? 0.0 : 1.0) + p[3];
}

double best_of(Searcher& searcher, const Objective& objective, int trials) {
  for (int i = 0; i < trials; ++i) {
    const Trial trial = *searcher.ask();
    searcher.tell(trial.number, objective(trial.point));
  }
  return searcher.best()->outcome.objectives[0];
}

struct Medians {
  double tpe = 0.0;
  double random = 0.0;
};

Medians compare(const Space& space, const Objective& objective, int trials) {
  std::vector<double> tpe;
  std::vector<double> random;
  for (std::uint64_t seed = 0; seed < 31; ++seed) {
    TpeSearcher learner(space, {.seed = seed});
    RandomSearcher gambler(space, seed);
    tpe.push_back(best_of(learner, objective, trials));
    random.push_back(best_of(gambler, objective, trials));
  }
  const Medians medians = {quantile(tpe, 0.5), quantile(random, 0.5)};
  std::printf("median of the best over 31 seeds: TPE %.4f, random %.4f\n", medians.tpe,
              medians.random);
  return medians;
}

TEST(Tpe, BeatsRandomOnBranin) {
  const Medians medians = compare(branin_space(), branin, 80);
  EXPECT_LT(medians.tpe - 0.397887, 0.5 * (medians.random - 0.397887));
}

TEST(Tpe, BeatsRandomOnAMixedSpace) {
  const Medians medians = compare(mixed_space(), mixed, 80);
  EXPECT_LT(medians.tpe, 0.5 * medians.random);
}

TEST(Tpe, StartsAtRandomAndThenComesNearTheGoodOnes) {
  TpeSearcher searcher(mixed_space(), {.seed = 1});
  for (int i = 0; i < 100; ++i) {
    const Trial trial = *searcher.ask();
    searcher.tell(trial.number, mixed(trial.point));
  }
  int lamb = 0;
  for (std::size_t i = 60; i < 100; ++i) lamb += searcher.trials()[i].point[2] == 2.0 ? 1 : 0;
  EXPECT_GT(lamb, 20);  // of 40; at random 10
}

TEST(Tpe, ParallelAsksKeepApart) {
  Space space;
  space.add_float("x", 0.0, 1.0);
  TpeSearcher searcher(space, {.seed = 2});
  for (int i = 0; i < 30; ++i) {
    const Trial trial = *searcher.ask();
    searcher.tell(trial.number, std::abs(trial.point[0] - 0.3));
  }
  std::vector<double> together;
  for (int i = 0; i < 8; ++i) together.push_back(searcher.ask()->point[0]);
  std::sort(together.begin(), together.end());
  EXPECT_GT(together.back() - together.front(), 0.02);
  EXPECT_EQ(std::set<double>(together.begin(), together.end()).size(), 8U);
}

TEST(Tpe, AvoidsWhatBreaksConstraintsFailsOrIsPruned) {
  Space space;
  space.add_float("x", 0.0, 1.0);
  TpeSearcher searcher(space, {.seed = 5});
  for (int i = 0; i < 120; ++i) {
    const Trial trial = *searcher.ask();
    Outcome outcome = {.state = TrialState::kComplete, .objectives = {trial.point[0]}};
    outcome.violation = trial.point[0] < 0.4 ? 0.4 - trial.point[0] : 0.0;
    if (i % 9 == 0) outcome = {.state = TrialState::kFailed, .objectives = {}};
    if (i % 9 == 1) outcome = {.state = TrialState::kPruned, .objectives = {}};
    searcher.tell(trial.number, outcome);
  }
  EXPECT_NEAR(searcher.best()->point[0], 0.4, 0.02);
}

TEST(Tpe, RefusesOptionsWithoutMeaning) {
  EXPECT_THROW(TpeSearcher(branin_space(), {.startup = 0}), Error);
  EXPECT_THROW(TpeSearcher(branin_space(), {.candidates = 0}), Error);
  EXPECT_THROW(TpeSearcher(branin_space(), {.prior_weight = 0.0}), Error);
}

}  // namespace
}  // namespace frugal::tune
