#include "frugal/engine/kv_cache.h"

#include <gtest/gtest.h>

#include <array>

#include "frugal/base/error.h"
#include "frugal/engine/kv_for_test.h"

namespace frugal::engine {
namespace {

TEST(KvCache, TakesPagesAsItGrowsAndGivesThemBack) {
  const auto pool = pool_of(4);
  KvCache cache(pool, 128);
  ASSERT_TRUE(cache.reserve(33));
  EXPECT_EQ(pool->free_pages(), 2U);
  cache.advance(33);
  cache.truncate(32);
  EXPECT_EQ(cache.pages().size(), 1U);
  cache.truncate(0);
  EXPECT_EQ(pool->free_pages(), 4U);
}

TEST(KvCache, SaysNoWhenThePoolIsEmptyAndKeepsWhatItHas) {
  const auto pool = pool_of(2);
  KvCache first(pool, 64);
  KvCache second(pool, 64);
  ASSERT_TRUE(first.reserve(40));
  first.advance(40);
  EXPECT_FALSE(second.reserve(1));
  EXPECT_EQ(first.size(), 40U);
}

TEST(KvCache, CopiesASharedPageBeforeWritingIntoIt) {
  const auto pool = pool_of(4);
  KvCache first(pool, 128);
  ASSERT_TRUE(first.reserve(64));
  first.advance(64);
  *pool->block(first.pages()[1], 0, 0) = std::byte{42};
  KvCache second(pool, 128);
  second.adopt(first.pages());
  EXPECT_EQ(second.size(), 64U);
  EXPECT_EQ(pool->free_pages(), 2U);
  second.truncate(40);
  ASSERT_TRUE(second.reserve(1));
  EXPECT_NE(second.pages()[1], first.pages()[1]);
  EXPECT_EQ(*pool->block(second.pages()[1], 0, 0), std::byte{42});
  EXPECT_EQ(second.pages()[0], first.pages()[0]);
}

TEST(KvCache, OfADestroyedSequenceIsFree) {
  const auto pool = pool_of(2);
  {
    KvCache cache(pool, 64);
    ASSERT_TRUE(cache.reserve(64));
  }
  EXPECT_EQ(pool->free_pages(), 2U);
}

TEST(KvCache, HoldsNoMoreThanItsCapacity) {
  const auto pool = pool_of(4);
  KvCache cache(pool, 40);
  EXPECT_EQ(cache.capacity(), 40U);
  ASSERT_TRUE(cache.reserve(40));
  cache.advance(40);
  EXPECT_EQ(cache.pages().size(), 2U);
  EXPECT_EQ(cache.bytes(), 2 * pool->page_bytes());
  EXPECT_DEATH((void)cache.reserve(1), "capacity");
}

TEST(KvCache, GivesAwayItsPagesWhenItIsMoved) {
  const auto pool = pool_of(2);
  {
    KvCache first(pool, 64);
    ASSERT_TRUE(first.reserve(33));
    first.advance(33);
    const KvCache second(std::move(first));
    EXPECT_EQ(second.size(), 33U);
    EXPECT_EQ(pool->free_pages(), 0U);
  }
  EXPECT_EQ(pool->free_pages(), 2U);
}

TEST(KvCache, AFailedReserveOfASharedPageLosesNothing) {
  const auto pool = pool_of(2);
  KvCache first(pool, 64);
  ASSERT_TRUE(first.reserve(64));
  first.advance(64);
  KvCache second(pool, 64);
  second.adopt(first.pages());
  second.truncate(40);
  EXPECT_FALSE(second.reserve(1)) << "no page is left for the copy";
  EXPECT_EQ(second.size(), 40U);
  EXPECT_EQ(second.pages()[1], first.pages()[1]);
  first.truncate(0);
  EXPECT_TRUE(second.reserve(1)) << "the page is its own now";
}

TEST(PagesFor, RoundsUp) {
  EXPECT_EQ(pages_for(0), 0U);
  EXPECT_EQ(pages_for(1), 1U);
  EXPECT_EQ(pages_for(32), 1U);
  EXPECT_EQ(pages_for(33), 2U);
}

}  // namespace
}  // namespace frugal::engine
