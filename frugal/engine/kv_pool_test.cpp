#include "frugal/engine/kv_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <string>

#include "frugal/base/error.h"
#include "frugal/engine/kv_for_test.h"
#include "frugal/kernels/kv_page.h"

namespace frugal::engine {
namespace {

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

TEST(KvPool, SaysHowMuchWasAskedForAndHowMuchThereIs) {
  try {
    (void)pool_of(std::numeric_limits<PageId>::max());
    ADD_FAILURE() << "was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find("KV cache of 137438953440 positions: expected 1 to "),
              std::string::npos)
        << error.what();
  }
  EXPECT_THROW(pool_of(std::numeric_limits<std::size_t>::max()), Error);
}

TEST(KvPool, GivesThePageThatCameBackLastFirst) {
  const auto pool = pool_of(3);
  const PageId a = pool->take().value();
  const PageId b = pool->take().value();
  pool->release(a);
  pool->release(b);
  EXPECT_EQ(pool->free_pages(), 3U);
  EXPECT_EQ(pool->take(), b);
  EXPECT_EQ(pool->take(), a);
}

TEST(KvPool, CountsTheOwnersOfAPage) {
  const auto pool = pool_of(2);
  const PageId page = pool->take().value();
  EXPECT_EQ(pool->owners(page), 1U);
  pool->share(page);
  pool->share(page);
  EXPECT_EQ(pool->owners(page), 3U);
  EXPECT_EQ(pool->free_pages(), 1U) << "a shared page takes no other";
  pool->release(page);
  EXPECT_EQ(pool->owners(page), 2U);
  pool->release(page);
  pool->release(page);
  EXPECT_EQ(pool->owners(page), 0U);
  EXPECT_EQ(pool->free_pages(), 2U);
}

TEST(KvPool, APageOfNobodyIsNeitherSharedNorReleased) {
  const auto pool = pool_of(2);
  EXPECT_DEATH(pool->share(0), "references_");
  EXPECT_DEATH(pool->release(1), "references_");
}

TEST(KvPool, BlocksLieBesideEachOtherAndNoneInAnother) {
  for (const KvType type : {KvType::kF32, KvType::kF16, KvType::kQ8_0}) {
    KvPool pool(small_config(), 3, type);
    const std::size_t bytes = kernels::kv_block_bytes(type, small_config().head_dim);
    std::set<std::byte*> starts;
    for (PageId page = 0; page < 3; ++page) {
      for (std::size_t layer = 0; layer < 2; ++layer) {
        for (std::size_t head = 0; head < 2; ++head) starts.insert(pool.block(page, layer, head));
      }
    }
    ASSERT_EQ(starts.size(), 12U);
    EXPECT_EQ(*starts.begin(), pool.block(0, 0, 0));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pool.block(0, 0, 0)) % 64, 0U);
    const std::byte* expected = *starts.begin();
    for (const std::byte* start : starts) {
      EXPECT_EQ(start, expected);
      expected += bytes;
    }
    EXPECT_EQ(pool.page_bytes(), 4 * bytes);
  }
}

TEST(KvPool, CopiesAllBlocksOfAPageAndNoOther) {
  KvPool pool(small_config(), 3, KvType::kF16);
  const auto fill = [&](PageId page, unsigned char value) {
    std::fill_n(pool.block(page, 0, 0), pool.page_bytes(), std::byte{value});
  };
  const auto all = [&](PageId page, unsigned char value) {
    return std::all_of(pool.block(page, 0, 0), pool.block(page, 0, 0) + pool.page_bytes(),
                       [value](std::byte one) { return one == std::byte{value}; });
  };
  fill(0, 10);
  fill(1, 11);
  fill(2, 12);
  pool.copy(2, 0);
  EXPECT_TRUE(all(0, 12));
  EXPECT_TRUE(all(1, 11));
  EXPECT_TRUE(all(2, 12));
}

}  // namespace
}  // namespace frugal::engine
