#include "frugal/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

namespace frugal {
namespace {

// The first numbers of the published C code of splitmix64, seeded with 0, are the state of
// xoshiro256** here; its first outputs follow from that state by hand.
TEST(Random, IsXoshiro256StarStarSeededBySplitmix64) {
  Random random(0);
  EXPECT_EQ(random.next(), 0x99EC5F36CB75F2B4U);
  EXPECT_EQ(random.next(), 0xBF6E1F784956452AU);
  EXPECT_EQ(random.next(), 0x1A5F849D4933E6E0U);
}

TEST(Random, TheSameSeedGivesTheSameStream) {
  Random a(7);
  Random b(7);
  Random c(8);
  bool all_equal = true;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t x = a.next();
    EXPECT_EQ(x, b.next());
    all_equal = all_equal && x == c.next();
  }
  EXPECT_FALSE(all_equal);
}

TEST(Random, BelowGivesEachNumberAboutEquallyOften) {
  Random random(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts.at(random.below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
}

TEST(Random, BetweenIncludesBothEnds) {
  Random random(2);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 200; ++i) {
    const std::int64_t x = random.between(-2, 3);
    EXPECT_GE(x, -2);
    EXPECT_LE(x, 3);
    low = low || x == -2;
    high = high || x == 3;
  }
  EXPECT_TRUE(low && high);
  EXPECT_EQ(random.between(5, 5), 5);
}

TEST(Random, UniformLiesInTheUnitIntervalWithMeanOneHalf) {
  Random random(3);
  double sum = 0.0;
  for (int i = 0; i < 10000; ++i) {
    const double x = random.uniform();
    ASSERT_GE(x, 0.0);
    ASSERT_LT(x, 1.0);
    sum += x;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(Random, ShuffleKeepsEveryItemAndReachesEveryOrder) {
  Random random(4);
  std::vector<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    std::vector<char> items = {'a', 'b', 'c'};
    random.shuffle(items);
    seen.emplace_back(items.begin(), items.end());
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_EQ(seen, (std::vector<std::string>{"abc", "acb", "bac", "bca", "cab", "cba"}));
}

TEST(Random, AForkDependsOnSeedAndLabelButNotOnWhatWasDrawn) {
  Random random(5);
  const std::uint64_t before = random.fork("names").next();
  (void)random.next();
  EXPECT_EQ(random.fork("names").next(), before);
  EXPECT_NE(random.fork("streets").next(), before);
  EXPECT_NE(Random(6).fork("names").next(), before);
  EXPECT_NE(random.fork(1).next(), random.fork(2).next());
}

TEST(HashOf, SpreadsTextsEvenly) {
  std::array<int, 10> counts{};
  for (int i = 0; i < 10000; ++i) ++counts.at(hash_of("W" + std::to_string(i)) % 10);
  for (const int count : counts) EXPECT_NEAR(count, 1000, 120);
}

}  // namespace
}  // namespace frugal
