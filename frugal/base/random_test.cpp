#include "frugal/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

namespace frugal {
namespace {

TEST(Random, GivesTheNumbersOfItsSource) {
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317U);
  EXPECT_EQ(random.next(), 3203168211198807973U);
  EXPECT_EQ(random.next(), 9817491932198370423U);
}

TEST(Random, GoesOnFromItsState) {
  Random random(7);
  for (int i = 0; i < 10; ++i) std::ignore = random.next();
  Random copy(random.state());
  EXPECT_EQ(copy.next(), random.next());
}

TEST(Random, StreamsOfOneSeedDiffer) {
  std::set<std::uint64_t> first;
  for (std::uint64_t stream = 0; stream < 1000; ++stream) first.insert(Random(5, stream).next());
  EXPECT_EQ(first.size(), 1000U);
  EXPECT_NE(Random(5, 1).next(), Random(1, 5).next());
}

TEST(Random, BelowHitsEveryNumberAboutAsOften) {
  Random random(3);
  std::array<int, 7> hits{};
  for (int i = 0; i < 70'000; ++i) ++hits.at(static_cast<std::size_t>(random.below(7)));
  for (const int count : hits) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.below(0), 0U);
  EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random(9);
  double mean = 0.0;
  double square = 0.0;
  double uniform = 0.0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double flat = random.uniform();
    ASSERT_GE(flat, 0.0);
    ASSERT_LT(flat, 1.0);
    uniform += flat / kDraws;
    const double bell = random.normal();
    mean += bell / kDraws;
    square += bell * bell / kDraws;
  }
  EXPECT_NEAR(uniform, 0.5, 0.01);
  EXPECT_NEAR(mean, 0.0, 0.02);
  EXPECT_NEAR(square, 1.0, 0.02);
}

TEST(Random, ShuffleKeepsWhatItMixes) {
  std::vector<int> values(100);
  std::iota(values.begin(), values.end(), 0);
  const std::vector<int> before = values;
  Random random(1);
  random.shuffle(std::span(values));
  EXPECT_NE(values, before);
  std::sort(values.begin(), values.end());
  EXPECT_EQ(values, before);
}

}  // namespace
}  // namespace frugal
