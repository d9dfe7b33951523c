#include "frugal/kernels/elementwise.h"

#include <gtest/gtest.h>

#include "frugal/kernels/test_data.h"

namespace frugal::kernels {
namespace {

using testing::kNan;
using testing::kSizes;
using testing::name;
using testing::numbers;
using testing::row_view;

TEST(Add, IsExactInEveryIsaAndSize) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t cols : kSizes) {
      const auto before = numbers(cols, 1);
      const auto y = numbers(cols, 2);
      auto x = before;
      add(*table, row_view(x.data(), cols), row_view(y.data(), cols));
      for (std::size_t c = 0; c < cols; ++c) {
        ASSERT_EQ(x[c], before[c] + y[c]) << name(*table) << ' ' << cols << ' ' << c;
      }
    }
  }
}

TEST(Add, TakesRowsOfDifferentStridesAndLeavesTheGapsAlone) {
  const auto y = numbers(22, 3);
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> x(24, 1.0F);
    add(*table, {x.data(), 2, 9, 12}, {y.data(), 2, 9, 11});
    for (std::size_t r = 0; r < 2; ++r) {
      for (std::size_t c = 0; c < 12; ++c) {
        EXPECT_EQ(x[(r * 12) + c], c < 9 ? 1.0F + y[(r * 11) + c] : 1.0F) << name(*table);
      }
    }
  }
}

TEST(Add, NanStaysWhereItIs) {
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> x(20, 1.0F);
    const std::vector<float> y(20, 1.0F);
    x[3] = kNan;
    x[19] = kNan;
    add(*table, row_view(x.data(), 20), row_view(y.data(), 20));
    for (std::size_t c = 0; c < 20; ++c) EXPECT_EQ(std::isnan(x[c]), c == 3 || c == 19);
  }
}

TEST(Add, CostIsCountedByHandAndLinearInRows) {
  const Cost cost = add_cost(2, 10);
  EXPECT_EQ(cost.op(Op::kFloat), 20U);
  EXPECT_EQ(cost.traffic(Traffic::kCache), 240U);
  EXPECT_EQ(2 * add_cost(3, 77), add_cost(6, 77));
}

TEST(AddDeathTest, AShapeMismatchIsABug) {
  std::vector<float> x(8);
  EXPECT_DEATH(
      add(*runnable_kernels().front(), row_view(x.data(), 8), row_view<const float>(x.data(), 7)),
      "x.cols == y.cols");
}

}  // namespace
}  // namespace frugal::kernels
