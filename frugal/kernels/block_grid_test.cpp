#include "frugal/kernels/block_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "frugal/kernels/round.h"
#include "frugal/kernels/test_data.h"

namespace frugal::kernels {
namespace {

constexpr std::array<DType, 12> kTypes = {
    DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1, DType::kQ8_0,   DType::kQ2_K,
    DType::kQ3_K, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kIQ4_NL, DType::kIQ4_XS};

// One block as round_row stores it.
std::vector<std::byte> stored(DType type, const std::vector<float>& x) {
  std::vector<std::byte> block(row_bytes(type, x.size()).value());
  round_row(choose_kernels(""), type, x, ColumnWeights(type, x.size(), std::vector(x.size(), 1.0F)),
            block.data());
  return block;
}

std::vector<float> decoded(DType type, const std::vector<std::byte>& block) {
  std::vector<float> out(traits(type).block_elements);
  decode_row(type, block.data(), out);
  return out;
}

TEST(BlockGrid, CodesPutBackGiveTheSameBytes) {
  for (const DType type : kTypes) {
    for (std::uint32_t seed = 1; seed < 20; ++seed) {
      const auto block = stored(type, testing::numbers(traits(type).block_elements, seed));
      const std::vector<float> numbers = decoded(type, block);
      const BlockGrid grid = grid_of(type, block.data());
      std::vector<std::uint8_t> codes;
      for (std::size_t j = 0; j < numbers.size(); ++j) {
        const GridPoint point = nearest_point(grid, j, numbers[j]);
        ASSERT_EQ(point.number, numbers[j]) << name(type) << " element " << j;
        codes.push_back(point.code);
      }
      auto again = block;
      put_codes(type, codes, again.data());
      // Groups of step 0 stand for one number whatever their codes: compare what is read.
      EXPECT_EQ(decoded(type, again), numbers) << name(type);
      const auto groups = static_cast<std::ptrdiff_t>(numbers.size() / grid.group);
      if (std::count(grid.steps.begin(), grid.steps.begin() + groups, 0.0F) > 0) continue;
      EXPECT_EQ(again, block) << name(type);
    }
  }
}

TEST(BlockGrid, ThePointIsNearestOfAllCodes) {
  for (const DType type : kTypes) {
    const std::size_t count = traits(type).block_elements;
    auto block = stored(type, testing::numbers(count, 5));
    const BlockGrid grid = grid_of(type, block.data());
    const std::vector<float> wanted = testing::numbers(count, 6);
    std::vector<float> best(count, std::numeric_limits<float>::infinity());
    const auto codes = grid.curved ? 16 : static_cast<int>(grid.high - grid.low) + 1;
    for (int code = 0; code < codes; ++code) {
      put_codes(type, std::vector<std::uint8_t>(count, static_cast<std::uint8_t>(code)),
                block.data());
      const std::vector<float> numbers = decoded(type, block);
      for (std::size_t j = 0; j < count; ++j) {
        best[j] = std::min(best[j], std::abs(numbers[j] - wanted[j]));
      }
    }
    for (std::size_t j = 0; j < count; ++j) {
      const float away = std::abs(nearest_point(grid, j, wanted[j]).number - wanted[j]);
      ASSERT_NEAR(away, best[j], 1e-6F) << name(type) << " element " << j;
    }
  }
}

TEST(BlockGrid, NumbersOutsideAndNoNumbersGetAnEnd) {
  for (const DType type : kTypes) {
    const auto block = stored(type, testing::numbers(traits(type).block_elements, 7));
    const BlockGrid grid = grid_of(type, block.data());
    const auto codes = grid.curved ? 16 : static_cast<int>(grid.high - grid.low) + 1;
    for (const float x : {1e30F, -1e30F, testing::kInfinity, -testing::kInfinity, testing::kNan}) {
      const GridPoint point = nearest_point(grid, 3, x);
      EXPECT_LT(point.code, codes) << name(type);
      EXPECT_TRUE(std::isfinite(point.number)) << name(type);
    }
  }
}

TEST(BlockGrid, KnowsWhichTypesHaveOne) {
  for (const DType type : kTypes) EXPECT_TRUE(has_grid(type)) << name(type);
  for (const DType type : {DType::kF32, DType::kF16, DType::kMXFP4}) EXPECT_FALSE(has_grid(type));
}

}  // namespace
}  // namespace frugal::kernels
