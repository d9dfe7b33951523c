#include "frugal/engine/kv_cache.h"

#include <gtest/gtest.h>

#include "frugal/base/error.h"
#include "frugal/engine/prefix_tree.h"

namespace frugal::engine {
namespace {

model::Config small_config() {
  model::Config config;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 32;
  return config;
}

std::shared_ptr<KvPool> pool_of(std::size_t pages) {
  return std::make_shared<KvPool>(small_config(), pages, KvType::kF32);
}

std::vector<TokenId> counting(std::size_t count, TokenId from = 0) {
  std::vector<TokenId> tokens(count);
  for (std::size_t i = 0; i < count; ++i) tokens[i] = from + static_cast<TokenId>(i);
  return tokens;
}

TEST(KvPool, GivesEachPageOnceAndTakesItBackFromItsLastOwner) {
  const auto pool = pool_of(2);
  const PageId a = pool->take().value();
  const PageId b = pool->take().value();
  EXPECT_NE(a, b);
  EXPECT_FALSE(pool->take().has_value());
  pool->share(a);
  pool->release(a);
  EXPECT_FALSE(pool->take().has_value());
  pool->release(a);
  EXPECT_EQ(pool->take(), a);
}

TEST(KvPool, CountsItsBytesExactly) {
  EXPECT_EQ(kv_page_bytes(small_config(), KvType::kF32), 2U * 2 * 2 * 32 * 32 * 4);
  EXPECT_EQ(kv_page_bytes(small_config(), KvType::kF16), 2U * 2 * 2 * 32 * 32 * 2);
  EXPECT_EQ(kv_page_bytes(small_config(), KvType::kQ8_0), 2U * 2 * 2 * 32 * (32 + 2));
}

TEST(KvPool, RefusesAbsurdSizesAndHeadsThatHaveNoScales) {
  EXPECT_THROW(pool_of(0), Error);
  EXPECT_THROW(pool_of(std::size_t{1} << 31U), Error);
  model::Config odd = small_config();
  odd.head_dim = 20;
  EXPECT_THROW(KvPool(odd, 4, KvType::kQ8_0), Error);
}

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

TEST(PrefixTree, FindsTheLongestKnownPrefixInWholePages) {
  const auto pool = pool_of(8);
  PrefixTree tree(pool);
  KvCache cache(pool, 256);
  ASSERT_TRUE(cache.reserve(96));
  cache.advance(96);
  const auto tokens = counting(100);
  tree.add(tokens, cache.pages());
  EXPECT_EQ(tree.find(tokens).size(), 3U);
  EXPECT_EQ(tree.find(counting(95)).size(), 2U);
  EXPECT_TRUE(tree.find(counting(31)).empty());
  auto other = tokens;
  other[40] = 999;
  EXPECT_EQ(tree.find(other), std::vector<PageId>{cache.pages()[0]});
  EXPECT_EQ(tree.known(tokens).pages, 3U);
  EXPECT_EQ(tree.known(tokens).in_use, 3U);
}

TEST(PrefixTree, KeepsPagesAliveAndGivesUpTheLeastValuableLeafFirst) {
  const auto pool = pool_of(6);
  PrefixTree tree(pool);
  const auto liked = counting(64);
  const auto other = counting(64, 1000);
  for (const auto* tokens : {&liked, &other}) {
    KvCache cache(pool, 64);
    ASSERT_TRUE(cache.reserve(64));
    cache.advance(64);
    tree.add(*tokens, cache.pages());
  }
  EXPECT_EQ(pool->free_pages(), 2U);
  EXPECT_EQ(tree.spare_pages(), 4U);
  for (int i = 0; i < 5; ++i) (void)tree.find(liked);
  EXPECT_TRUE(tree.evict());
  EXPECT_TRUE(tree.evict());
  EXPECT_EQ(tree.known(other).pages, 0U);
  EXPECT_EQ(tree.known(liked).pages, 2U);
  EXPECT_TRUE(tree.evict());
  EXPECT_TRUE(tree.evict());
  EXPECT_FALSE(tree.evict());
  EXPECT_EQ(pool->free_pages(), 6U);
}

TEST(PrefixTree, NeverGivesUpAPageInUseNorOneWithPagesBelow) {
  const auto pool = pool_of(4);
  PrefixTree tree(pool);
  KvCache cache(pool, 128);
  ASSERT_TRUE(cache.reserve(64));
  cache.advance(64);
  tree.add(counting(64), cache.pages());
  EXPECT_FALSE(tree.evict());
  EXPECT_EQ(tree.spare_pages(), 0U);
  cache.truncate(32);  // the second page is the tree's alone now
  EXPECT_EQ(tree.spare_pages(), 1U);
  EXPECT_TRUE(tree.evict());
  EXPECT_FALSE(tree.evict());
}

}  // namespace
}  // namespace frugal::engine
