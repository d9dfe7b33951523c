#include "frugal/tune/searcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "frugal/base/error.h"
#include "frugal/tune/nsga2.h"
#include "frugal/tune/simple_search.h"
#include "frugal/tune/tpe.h"

namespace frugal::tune {
namespace {

Space space() {
  Space space;
  space.add_float("x", -1.0, 1.0).add_log_float("y", 1e-3, 1.0).add_integer("n", 0, 9);
  space.add_category("c", {"a", "b", "c"});
  return space;
}

struct Method {
  const char* name;
  std::size_t objectives;
  std::function<std::unique_ptr<Searcher>(std::uint64_t seed)> make;
};

std::vector<Method> methods() {
  return {{"random", 1,
           [](std::uint64_t seed) { return std::make_unique<RandomSearcher>(space(), seed); }},
          {"tpe", 1,
           [](std::uint64_t seed) {
             return std::make_unique<TpeSearcher>(space(), TpeOptions{.seed = seed});
           }},
          {"nsga2", 2, [](std::uint64_t seed) {
             return std::make_unique<Nsga2Searcher>(space(), 2,
                                                    Nsga2Options{.seed = seed, .population = 8});
           }}};
}

// Some of everything: parallel trials, pruned, failed and forbidden ones.
void answer(Searcher& searcher, std::uint64_t number, std::size_t objectives) {
  const Point& p = searcher.trials()[number].point;
  Outcome outcome;
  outcome.objectives = {p[0] + (p[2] * 0.1), -p[0] + p[1]};
  outcome.objectives.resize(objectives);
  if (number % 7 == 3) outcome.state = TrialState::kPruned;
  if (number % 11 == 5) outcome = {.state = TrialState::kFailed, .objectives = {}, .violation = 0};
  if (number % 5 == 4) outcome.violation = p[1];
  searcher.tell(number, outcome);
}

void run(Searcher& searcher, std::uint64_t from, std::uint64_t to, std::size_t objectives) {
  for (std::uint64_t number = from; number < to; ++number) {
    ASSERT_EQ(searcher.ask()->number, number);
    if (number >= 2) answer(searcher, number - 2, objectives);  // three are pending
  }
}

std::vector<Point> points_of(const Searcher& searcher) {
  std::vector<Point> points;
  for (const Trial& trial : searcher.trials()) points.push_back(trial.point);
  return points;
}

TEST(Searcher, TheSeedMakesThePoints) {
  for (const Method& method : methods()) {
    SCOPED_TRACE(method.name);
    const auto one = method.make(1);
    const auto same = method.make(1);
    const auto other = method.make(2);
    run(*one, 0, 60, method.objectives);
    run(*same, 0, 60, method.objectives);
    run(*other, 0, 60, method.objectives);
    EXPECT_EQ(points_of(*one), points_of(*same));
    EXPECT_NE(points_of(*one), points_of(*other));
  }
}

TEST(Searcher, GoesOnExactlyFromItsState) {
  for (const Method& method : methods()) {
    SCOPED_TRACE(method.name);
    const auto whole = method.make(3);
    for (std::uint64_t cut = 0; cut < 60; cut += 5) {
      const auto resumed = method.make(3);
      resumed->restore(whole->state());
      EXPECT_EQ(resumed->state(), whole->state());
      run(*resumed, cut, cut + 5, method.objectives);
      run(*whole, cut, cut + 5, method.objectives);
      EXPECT_EQ(points_of(*resumed), points_of(*whole));
    }
  }
}

TEST(Searcher, RefusesAStateThatIsNoneAndStaysAsItWas) {
  for (const Method& method : methods()) {
    const auto searcher = method.make(1);
    run(*searcher, 0, 20, method.objectives);
    const std::string good = searcher->state();
    for (std::size_t at = 0; at < good.size(); ++at) {
      if (good[at] == '}') continue;
      std::string bad = good;
      bad[at] = '}';
      try {
        method.make(1)->restore(bad);
        ADD_FAILURE() << "accepted a broken byte at " << at;
      } catch (const Error& fault) {
        EXPECT_EQ(fault.kind(), ErrorKind::kCorrupt);
      }
    }
    const char* none[] = {"",
                          "[]",
                          "{}",
                          "{\"version\":1}",
                          "{\"version\":2,\"memory\":[],\"trials\":[]}",
                          R"({"version":1,"memory":[1e300],"trials":[]})",
                          R"({"version":1,"memory":[-1],"trials":[]})",
                          R"({"version":1,"memory":[0,7],"trials":[]})",
                          R"({"version":1,"memory":[],"trials":[{}]})",
                          R"({"version":1,"memory":[],"trials":[{"point":[9,9,9,9]}]})"};
    for (const char* state : none) EXPECT_THROW(searcher->restore(state), Error) << state;
    EXPECT_EQ(searcher->state(), good);
  }
}

TEST(Searcher, RefusesAnswersThatDoNotFit) {
  RandomSearcher searcher(space(), 1);
  EXPECT_THROW(searcher.tell(0, 1.0), Error);
  ASSERT_TRUE(searcher.ask().has_value());
  EXPECT_THROW(searcher.tell(0, std::nan("")), Error);
  EXPECT_THROW(searcher.tell(0, Outcome{.state = TrialState::kComplete, .objectives = {1, 2}}),
               Error);
  EXPECT_THROW(searcher.tell(0, Outcome{.state = TrialState::kPending, .objectives = {1}}), Error);
  searcher.tell(0, 1.0);
  EXPECT_THROW(searcher.tell(0, 1.0), Error);
  EXPECT_THROW(RandomSearcher(Space(), 1), Error);
}

TEST(Searcher, TheBestIsCompleteAndAllowed) {
  RandomSearcher searcher(space(), 1);
  EXPECT_FALSE(searcher.best().has_value());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(searcher.ask().has_value());
  searcher.tell(0, 3.0);
  searcher.tell(1, 2.0);
  searcher.tell(2, {.state = TrialState::kComplete, .objectives = {1.0}, .violation = 0.1});
  searcher.tell(3, {.state = TrialState::kPruned, .objectives = {0.0}});
  EXPECT_EQ(searcher.best()->number, 1U);
}

TEST(Grid, CoversEveryCombinationOnce) {
  GridSearcher grid(space(), 3);
  EXPECT_EQ(grid.count(), 3U * 3U * 3U * 3U);
  std::vector<Point> points;
  while (const std::optional<Trial> trial = grid.ask()) points.push_back(trial->point);
  ASSERT_EQ(points.size(), grid.count());
  EXPECT_EQ(points.front(), (Point{-1.0, 1e-3, 0.0, 0.0}));
  EXPECT_EQ(points.back(), (Point{1.0, 1.0, 9.0, 2.0}));
  EXPECT_NEAR(points[9][1], std::sqrt(1e-3), 1e-12);  // the middle of the logarithm
  std::sort(points.begin(), points.end());
  EXPECT_EQ(std::adjacent_find(points.begin(), points.end()), points.end());
}

TEST(Grid, TakesAllIntegersWhereTheyAreFewer) {
  Space few;
  few.add_integer("n", 3, 6);
  GridSearcher grid(few, 10);
  std::vector<double> values;
  while (const std::optional<Trial> trial = grid.ask()) values.push_back(trial->point[0]);
  EXPECT_EQ(values, (std::vector<double>{3, 4, 5, 6}));
  EXPECT_THROW(GridSearcher(few, 0), Error);
}

}  // namespace
}  // namespace frugal::tune
