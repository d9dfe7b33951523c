#include <gtest/gtest.h>

#include "frugal/kernels/matmul.h"
#include "frugal/kernels/test_data.h"

namespace frugal::kernels {
namespace {

constexpr std::array<DType, 3> kFloatTypes = {DType::kF32, DType::kF16, DType::kBF16};

std::vector<DType> all_types() {
  std::vector<DType> types(kFloatTypes.begin(), kFloatTypes.end());
  types.insert(types.end(), testing::kBlockTypes.begin(), testing::kBlockTypes.end());
  return types;
}

TEST(Matmul, MultipliesSixteenTypesAndSaysWhichWantBlocks) {
  for (const DType type : kFloatTypes) {
    EXPECT_TRUE(can_multiply(type)) << name(type);
    EXPECT_FALSE(wants_blocks(type)) << name(type);
  }
  for (const DType type : testing::kBlockTypes) {
    EXPECT_TRUE(can_multiply(type)) << name(type);
    EXPECT_TRUE(wants_blocks(type)) << name(type);
  }
  EXPECT_FALSE(can_multiply(DType::kQ8_K));
  EXPECT_FALSE(can_multiply(DType::kIQ2_S));
  EXPECT_FALSE(can_multiply(DType::kI8));
}

TEST(MatmulCost, OfFloatsIsCountedByHand) {
  const Cost cost = matmul_cost(DType::kF16, 3, 64, 5);
  EXPECT_EQ(cost.op(Op::kFloat), 2U * 3 * 64 * 5);
  EXPECT_EQ(cost.op(Op::kInt8), 0U);
  EXPECT_EQ(cost.op(Op::kSpecial), 0U);
  EXPECT_EQ(cost.traffic(Traffic::kDram), 3U * 64 * 2);
  EXPECT_EQ(cost.traffic(Traffic::kCache), (5U * 64 * 4) + (3U * 5 * 4));
}

TEST(MatmulCost, OfBlocksIsCountedByHand) {
  const Cost cost = matmul_cost(DType::kQ4_0, 3, 64, 5);
  EXPECT_EQ(cost.op(Op::kInt8), 2U * 3 * 64 * 5);
  EXPECT_EQ(cost.op(Op::kFloat), 3U * 3 * 2 * 5);
  EXPECT_EQ(cost.traffic(Traffic::kDram), 3U * 2 * 18);
  EXPECT_EQ(cost.traffic(Traffic::kCache), (5U * (64 + (2 * 32))) + (3U * 5 * 4));
  EXPECT_EQ(matmul_cost(DType::kQ8_0, 3, 64, 5).traffic(Traffic::kDram), 3U * 2 * 34);
}

TEST(MatmulCost, OfMinimaAndGroupsIsCountedByHand) {
  const Cost one_minimum = matmul_cost(DType::kQ4_K, 3, 256, 5);
  EXPECT_EQ(one_minimum.op(Op::kInt8), 2U * 3 * 256 * 5);
  EXPECT_EQ(one_minimum.op(Op::kFloat), (3U + 2) * 3 * 8 * 5);
  EXPECT_EQ(one_minimum.traffic(Traffic::kDram), 3U * 144);
  const Cost groups = matmul_cost(DType::kQ6_K, 3, 256, 5);
  EXPECT_EQ(groups.op(Op::kInt8), 3U * 5 * ((2 * 256) + (4 * 8)));
  EXPECT_EQ(groups.op(Op::kFloat), 3U * 3 * 8 * 5);
  const Cost both = matmul_cost(DType::kQ2_K, 3, 256, 5);
  EXPECT_EQ(both.op(Op::kInt8), groups.op(Op::kInt8));
  EXPECT_EQ(both.op(Op::kFloat), (3U + 4) * 3 * 8 * 5);
}

TEST(MatmulCost, HalfTheRowsDoHalfTheWorkOnHalfTheWeights) {
  for (const DType type : all_types()) {
    const Cost whole = matmul_cost(type, 64, 512, 7);
    const Cost half = matmul_cost(type, 32, 512, 7);
    EXPECT_EQ((2 * half).ops, whole.ops) << name(type);
    EXPECT_EQ(2 * half.traffic(Traffic::kDram), whole.traffic(Traffic::kDram)) << name(type);
  }
}

TEST(MatmulCost, BatchesShareTheWeightsAndNothingElse) {
  for (const DType type : all_types()) {
    const Cost one = matmul_cost(type, 64, 512, 1);
    const Cost eight = matmul_cost(type, 64, 512, 8);
    EXPECT_EQ((8 * one).ops, eight.ops) << name(type);
    EXPECT_EQ(one.traffic(Traffic::kDram), eight.traffic(Traffic::kDram)) << name(type);
    EXPECT_EQ(8 * one.traffic(Traffic::kCache), eight.traffic(Traffic::kCache)) << name(type);
  }
}

TEST(MatmulCost, NothingCostsNothing) {
  EXPECT_EQ(matmul_cost(DType::kQ8_0, 0, 96, 0), Cost{});
}

class MatmulDeathTest : public ::testing::Test {
 protected:
  void run(DType type, std::size_t cols, std::size_t row_end, std::size_t out_cols) {
    const testing::Weights weights(DType::kF32, 4, 32, 1);
    StoredMatrix w = weights.matrix();
    w.type = type;
    const auto x = testing::numbers(64, 2);
    std::vector<float> out(64);
    matmul(*runnable_kernels().front(), w, {{x.data(), 1, cols, cols}}, 0, row_end,
           {out.data(), 1, out_cols, out_cols});
  }
};

TEST_F(MatmulDeathTest, ShapesThatDoNotFitAreBugs) {
  run(DType::kF32, 32, 4, 4);  // this one fits
  EXPECT_DEATH(run(DType::kF32, 31, 4, 4), "x.x.cols == w.cols");
  EXPECT_DEATH(run(DType::kF32, 32, 5, 4), "row_end <= w.rows");
  EXPECT_DEATH(run(DType::kF32, 32, 4, 3), "out.cols == w.rows");
  EXPECT_DEATH(run(DType::kQ8_K, 32, 4, 4), "can_multiply");
}

TEST_F(MatmulDeathTest, BlockWeightsWithoutBlocksAreABug) {
  EXPECT_DEATH(run(DType::kQ8_0, 32, 4, 4), "quantized.values != nullptr");
}

}  // namespace
}  // namespace frugal::kernels
