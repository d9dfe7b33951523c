#include "frugal/engine/prefix_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "frugal/base/random.h"
#include "frugal/engine/kv_for_test.h"

namespace frugal::engine {
namespace {

std::vector<TokenId> counting(std::size_t count, TokenId from = 0) {
  std::vector<TokenId> tokens(count);
  for (std::size_t i = 0; i < count; ++i) tokens[i] = from + static_cast<TokenId>(i);
  return tokens;
}

/// Computes a sequence and lets the tree remember it; its pages are the tree's alone then.
std::vector<PageId> learn(PrefixTree& tree, const std::shared_ptr<KvPool>& pool,
                          const std::vector<TokenId>& tokens) {
  KvCache cache(pool, tokens.size());
  cache.adopt(tree.find(tokens));
  EXPECT_TRUE(cache.reserve(tokens.size() - cache.size()));
  cache.advance(tokens.size() - cache.size());
  tree.add(tokens, cache.pages().first(tokens.size() / kernels::kPagePositions));
  return {cache.pages().begin(), cache.pages().end()};
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

TEST(PrefixTree, SequencesWithOneBeginningShareItsPages) {
  const auto pool = pool_of(8);
  PrefixTree tree(pool);
  std::vector<TokenId> first = counting(96);
  std::vector<TokenId> second = counting(96);
  std::fill(second.begin() + 64, second.end(), 7);
  const auto a = learn(tree, pool, first);
  EXPECT_EQ(learn(tree, pool, second)[1], a[1]);
  EXPECT_EQ(tree.pages(), 4U);
  EXPECT_EQ(pool->free_pages(), 4U);
  EXPECT_EQ(tree.find(first), a);
}

TEST(PrefixTree, WhatItKnowsAlreadyStaysAsItIs) {
  const auto pool = pool_of(4);
  PrefixTree tree(pool);
  const auto tokens = counting(32);
  const auto known = learn(tree, pool, tokens);
  KvCache again(pool, 32);  // computed beside the first, before that was known
  ASSERT_TRUE(again.reserve(32));
  again.advance(32);
  tree.add(tokens, again.pages());
  EXPECT_EQ(tree.find(tokens), known);
  EXPECT_EQ(pool->owners(again.pages()[0]), 1U);
  EXPECT_EQ(tree.pages(), 1U);
}

TEST(PrefixTree, GivesItsPagesBackWhenItEnds) {
  const auto pool = pool_of(4);
  {
    PrefixTree tree(pool);
    (void)learn(tree, pool, counting(64));
    (void)learn(tree, pool, counting(64, 500));
    EXPECT_EQ(pool->free_pages(), 0U);
  }
  EXPECT_EQ(pool->free_pages(), 4U);
}

TEST(PrefixTree, OfPagesWithoutHitsTheOneOfTheLongestPrefixStays) {
  const auto pool = pool_of(8);
  PrefixTree tree(pool);
  const auto deep = counting(96);
  const auto flat = counting(32, 1000);
  (void)learn(tree, pool, deep);
  (void)learn(tree, pool, flat);  // later, but 32 positions are cheap: 32 / 1 < 96 / 2
  EXPECT_TRUE(tree.evict());
  EXPECT_EQ(tree.known(flat).pages, 0U);
  EXPECT_EQ(tree.known(deep).pages, 3U);
}

TEST(PrefixTree, APageThatWasLongNotUsedGoesBeforeANewOne) {
  const auto pool = pool_of(8);
  PrefixTree tree(pool);
  const auto old = counting(64);
  const auto fresh = counting(32, 1000);
  (void)learn(tree, pool, old);
  for (int i = 0; i < 8; ++i) (void)tree.find(counting(32, 5000));  // 64 / 10 < 32 / 1
  (void)learn(tree, pool, fresh);
  EXPECT_TRUE(tree.evict());
  EXPECT_EQ(tree.known(old).pages, 1U) << "its leaf went, the page above stays";
  EXPECT_EQ(tree.known(fresh).pages, 1U);
}

TEST(PrefixTree, AskingWhatIsKnownCountsNoHit) {
  const auto pool = pool_of(8);
  PrefixTree tree(pool);
  const auto first = counting(32);
  const auto second = counting(32, 1000);
  (void)learn(tree, pool, first);
  (void)learn(tree, pool, second);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(tree.known(first).pages, 1U);
  EXPECT_TRUE(tree.evict());
  EXPECT_EQ(tree.known(first).pages, 0U) << "it is older by one use";
}

TEST(PrefixTree, APartOfAPageIsNotRemembered) {
  const auto pool = pool_of(4);
  PrefixTree tree(pool);
  (void)learn(tree, pool, counting(40));
  EXPECT_EQ(tree.pages(), 1U);
  const std::vector<PageId> pages = {0, 1};
  EXPECT_DEATH(tree.add(counting(40), pages), "tokens.size");
}

// Sequences over two kinds of pages, so that they often begin alike, against a plain set of the
// prefixes that were learned.
TEST(PrefixTree, AgreesWithASetOfPrefixes) {
  const auto pool = pool_of(256);
  PrefixTree tree(pool);
  std::set<std::vector<TokenId>> prefixes;
  Random random(3);
  for (int turn = 0; turn < 60; ++turn) {
    std::vector<TokenId> tokens;
    for (std::uint64_t page = 1 + random.below(5); page > 0; --page) {
      tokens.insert(tokens.end(), kernels::kPagePositions, static_cast<TokenId>(random.below(2)));
    }
    std::size_t expected = 0;
    for (std::size_t end = kernels::kPagePositions; end <= tokens.size();
         end += kernels::kPagePositions) {
      const auto stop = tokens.begin() + static_cast<std::ptrdiff_t>(end);
      expected += prefixes.insert({tokens.begin(), stop}).second ? 0 : 1;
    }
    EXPECT_EQ(tree.known(tokens).pages, expected);
    (void)learn(tree, pool, tokens);
    ASSERT_EQ(tree.pages(), prefixes.size());
    EXPECT_EQ(tree.spare_pages(), prefixes.size());
    EXPECT_EQ(pool->free_pages(), 256 - prefixes.size());
  }
  for (std::size_t left = prefixes.size(); left > 0; --left) {
    EXPECT_EQ(tree.spare_pages(), left);
    EXPECT_TRUE(tree.evict());
  }
  EXPECT_FALSE(tree.evict());
  EXPECT_EQ(pool->free_pages(), 256U);
}

}  // namespace
}  // namespace frugal::engine
