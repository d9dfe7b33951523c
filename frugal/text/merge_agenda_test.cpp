#include "frugal/text/merge_agenda.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>

namespace frugal::text {
namespace {

PendingMerge pending(std::uint32_t rank, std::uint32_t left) {
  return {.merge = {.rank = rank, .result = 0}, .left = left, .right = left + 1, .length = 2};
}

TEST(MergeAgenda, GivesTheLowestRankFirstAndTheLeftmostAmongEquals) {
  for (const std::size_t symbols : {3U, 100'000U}) {
    MergeAgenda agenda;
    agenda.start(symbols);
    agenda.push(pending(5, 1));
    agenda.push(pending(2, 9));
    agenda.push(pending(2, 3));
    EXPECT_EQ(agenda.pop()->left, 3U);
    EXPECT_EQ(agenda.pop()->left, 9U);
    EXPECT_EQ(agenda.pop()->left, 1U);
    EXPECT_FALSE(agenda.pop().has_value());
  }
}

TEST(MergeAgenda, StartsEmptyAgain) {
  MergeAgenda agenda;
  for (const std::size_t symbols : {3U, 100'000U, 3U}) {
    agenda.start(symbols);
    EXPECT_FALSE(agenda.pop().has_value());
    agenda.push(pending(1, 1));
  }
}

TEST(MergeAgenda, GivesTheSameOrderForLongWordsAsForShortOnes) {
  std::mt19937 random(5);
  MergeAgenda heap;
  MergeAgenda lists;
  heap.start(2);
  lists.start(100'000);
  for (int round = 0; round < 20'000; ++round) {
    if (random() % 3 != 0) {
      const PendingMerge one =
          pending(static_cast<std::uint32_t>(random() % 7), static_cast<std::uint32_t>(random()));
      heap.push(one);
      lists.push(one);
      continue;
    }
    const auto a = heap.pop();
    const auto b = lists.pop();
    ASSERT_EQ(a.has_value(), b.has_value());
    if (!a) continue;
    ASSERT_EQ(std::pair(a->merge.rank, a->left), std::pair(b->merge.rank, b->left));
  }
}

}  // namespace
}  // namespace frugal::text
