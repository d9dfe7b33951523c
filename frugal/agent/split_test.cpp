#include "frugal/agent/split.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace frugal::agent {
namespace {

TEST(Split, NamesGoBothWays) {
  for (const Split split : kAllSplits) EXPECT_EQ(split_from_name(split_name(split)), split);
  EXPECT_FALSE(split_from_name("Test").has_value());
  EXPECT_FALSE(split_from_name("").has_value());
}

TEST(SplitOf, GivesEightTenthsToTrainAndOneToEachOther) {
  std::array<int, 3> counts{};
  for (int i = 0; i < 10000; ++i) {
    ++counts.at(static_cast<std::size_t>(split_of("W" + std::to_string(i))));
  }
  EXPECT_NEAR(counts[0], 8000, 200);
  EXPECT_NEAR(counts[1], 1000, 150);
  EXPECT_NEAR(counts[2], 1000, 150);
}

}  // namespace
}  // namespace frugal::agent
