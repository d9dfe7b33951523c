#include "frugal/compress/affine_int8.h"

#include <gtest/gtest.h>

#include <cmath>

#include "frugal/base/random.h"
#include "frugal/tensor/codec.h"

namespace frugal::compress {
namespace {

MatrixView<const float> view(const std::vector<float>& values, std::size_t rows) {
  const std::size_t cols = values.size() / rows;
  return {values.data(), rows, cols, cols};
}

TEST(AffineInt8, IsTheFormulaByHand) {
  // Range [-1, 4]: s = 5 / 255, z = 51; 0.5 / s = 25.5, which rounds up.
  const std::vector<float> weights = {-1.0F, 4.0F, 0.0F, 0.5F};
  const AffineInt8 rounded = affine_int8(view(weights, 1), Granularity::kTensor);
  EXPECT_FLOAT_EQ(rounded.numbers[0], -1.0F);
  EXPECT_FLOAT_EQ(rounded.numbers[1], 4.0F);
  EXPECT_EQ(rounded.numbers[2], 0.0F) << "zero is always exact";
  EXPECT_FLOAT_EQ(rounded.numbers[3], 26.0F * 5.0F / 255.0F);
  EXPECT_NEAR(rounded.mean_squared_error, std::pow(0.5 * 5.0 / 255.0, 2.0) / 4.0, 1e-9);
  EXPECT_EQ(rounded.bits_per_weight, 8.0 + (40.0 / 4.0));
}

TEST(AffineInt8, ZerosStayZeros) {
  const std::vector<float> weights(8, 0.0F);
  const AffineInt8 rounded = affine_int8(view(weights, 2), Granularity::kRow);
  EXPECT_EQ(rounded.numbers, weights);
  EXPECT_EQ(rounded.mean_squared_error, 0.0);
}

TEST(AffineInt8, TheLastGroupOfARowMayBeShort) {
  const std::vector<float> weights = {1.0F, 2.0F, 100.0F, -1.0F, -2.0F, -50.0F};
  const AffineInt8 rounded = affine_int8(view(weights, 2), Granularity::kGroup, 2);
  EXPECT_FLOAT_EQ(rounded.numbers[2], 100.0F);
  EXPECT_NEAR(rounded.numbers[0], 1.0F, 0.01F) << "100 is another group's";
  EXPECT_FLOAT_EQ(rounded.numbers[5], -50.0F);
  EXPECT_EQ(rounded.bits_per_weight, 8.0 + (40.0 * 4.0 / 6.0));
}

// What the better ones buy, on weights with rows of different size and a few large numbers.
TEST(AffineInt8, FinerIsBetterAndQ8_0BeatsATensorAndARow) {
  constexpr std::size_t kRows = 64;
  constexpr std::size_t kCols = 512;
  Random random(7);
  std::vector<float> weights(kRows * kCols);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double row_size = 0.01 * static_cast<double>(1 + ((i / kCols) % 7));
    const double outlier = i % 397 == 0 ? 8.0 : 1.0;
    weights[i] = static_cast<float>(row_size * outlier * random.normal());
  }
  const auto error = [&](Granularity granularity, std::size_t group) {
    return affine_int8(view(weights, kRows), granularity, group).mean_squared_error;
  };
  double q8_0 = 0.0;
  std::vector<std::byte> stored(row_bytes(DType::kQ8_0, kCols).value());
  std::vector<float> back(kCols);
  for (std::size_t r = 0; r < kRows; ++r) {
    const auto row = std::span<const float>(weights).subspan(r * kCols, kCols);
    encode_row(DType::kQ8_0, row, stored.data());
    decode_row(DType::kQ8_0, stored.data(), back);
    for (std::size_t c = 0; c < kCols; ++c) q8_0 += std::pow(double{row[c]} - double{back[c]}, 2);
  }
  q8_0 /= static_cast<double>(weights.size());
  const double tensor = error(Granularity::kTensor, 0);
  const double row = error(Granularity::kRow, 0);
  const double group = error(Granularity::kGroup, 32);
  EXPECT_LT(row, tensor);
  EXPECT_LT(group, row);
  EXPECT_LT(q8_0, 0.1 * tensor);
  EXPECT_LT(q8_0, 0.3 * row);
  EXPECT_LT(group, q8_0) << "at 9.25 bits instead of 8.5";
}

}  // namespace
}  // namespace frugal::compress
