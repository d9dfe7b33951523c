#include "frugal/kernels/round.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "frugal/kernels/test_data.h"

namespace frugal::kernels {
namespace {

constexpr std::array<DType, 11> kSearched = {
    DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1,   DType::kQ2_K,  DType::kQ3_K,
    DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kIQ4_NL, DType::kIQ4_XS};

const Kernels& best_table() {
  return *runnable_kernels().back();
}

std::vector<std::byte> rounded(const Kernels& table, DType type, const std::vector<float>& x,
                               const ColumnWeights& weights) {
  std::vector<std::byte> row(row_bytes(type, x.size()).value());
  round_row(table, type, x, weights, row.data());
  return row;
}

std::vector<float> decoded(DType type, const std::vector<std::byte>& row, std::size_t cols) {
  std::vector<float> out(cols);
  decode_row(type, row.data(), out);
  return out;
}

double weighted_error(std::span<const float> x, std::span<const float> y,
                      std::span<const float> weights) {
  double sum = 0.0;
  for (std::size_t c = 0; c < x.size(); ++c) {
    const double rest = static_cast<double>(x[c]) - static_cast<double>(y[c]);
    sum += static_cast<double>(weights[c]) * rest * rest;
  }
  return sum;
}

// Numbers as weights of models are: many small, a few large.
std::vector<float> heavy_tailed(std::size_t count, std::uint32_t seed) {
  std::vector<float> x = testing::numbers(count, seed);
  for (float& value : x) value = 0.05F * value / (1.05F - std::abs(value));
  return x;
}

std::vector<float> importance(std::size_t cols) {
  std::vector<float> w = testing::numbers(cols, 77);
  for (float& value : w) value = std::exp(3.0F * value);
  return w;
}

// Rows that a search could stumble over, beside ordinary ones.
std::vector<std::vector<float>> rows(std::size_t cols) {
  std::vector<std::vector<float>> all = {heavy_tailed(cols, 1), testing::numbers(cols, 2)};
  all.emplace_back(cols, 0.0F);
  all.emplace_back(cols, 0.37F);
  all.emplace_back(cols, -2.5F);
  std::vector<float> one_block(cols, 0.0F);  // all else of the block is 0
  one_block[5] = 3.0F;
  all.push_back(one_block);
  std::vector<float> above = testing::numbers(cols, 3);
  for (float& value : above) value = 10.0F + value;
  all.push_back(above);
  std::vector<float> tiny = testing::numbers(cols, 4);
  for (float& value : tiny) value *= 1e-30F;
  all.push_back(tiny);
  std::vector<float> small = testing::numbers(cols, 5);
  for (float& value : small) value *= 1e-6F;
  all.push_back(small);
  return all;
}

TEST(Round, EveryInstructionSetGivesTheSameBytes) {
  for (const DType type : kSearched) {
    for (const std::size_t cols : {32UL, 96UL, 256UL, 512UL, 800UL}) {
      if (!row_bytes(type, cols)) continue;
      const ColumnWeights uniform(type, cols);
      const ColumnWeights weighted(type, cols, importance(cols));
      for (const std::vector<float>& x : rows(cols)) {
        for (const ColumnWeights* weights : {&uniform, &weighted}) {
          const auto want = rounded(*runnable_kernels().front(), type, x, *weights);
          for (const Kernels* table : runnable_kernels()) {
            ASSERT_EQ(rounded(*table, type, x, *weights), want)
                << name(type) << " " << testing::name(*table) << " " << cols << " columns, x[5] "
                << x[5];
          }
        }
      }
    }
  }
}

TEST(Round, WithoutWeightsTheOldTypesAreThePlainRounding) {
  const std::vector<float> x = heavy_tailed(512, 9);
  for (const DType type : {DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1, DType::kQ8_0,
                           DType::kF16, DType::kBF16, DType::kF32}) {
    std::vector<std::byte> want(row_bytes(type, x.size()).value());
    encode_row(type, x, want.data());
    EXPECT_EQ(rounded(best_table(), type, x, ColumnWeights(type, x.size())), want) << name(type);
  }
  const std::vector<float> w = importance(512);
  std::vector<std::byte> want(row_bytes(DType::kQ8_0, x.size()).value());
  encode_row(DType::kQ8_0, x, want.data());
  EXPECT_EQ(rounded(best_table(), DType::kQ8_0, x, ColumnWeights(DType::kQ8_0, 512, w)), want);
}

TEST(Round, WeightsNeverMakeTheWeightedErrorOfAnOldTypeLarger) {
  const std::vector<float> w = importance(512);
  for (const DType type : {DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1}) {
    for (std::uint32_t seed = 0; seed < 10; ++seed) {
      const std::vector<float> x = heavy_tailed(512, seed);
      std::vector<std::byte> plain(row_bytes(type, x.size()).value());
      encode_row(type, x, plain.data());
      const auto searched = rounded(best_table(), type, x, ColumnWeights(type, 512, w));
      EXPECT_LT(weighted_error(x, decoded(type, searched, 512), w),
                0.97 * weighted_error(x, decoded(type, plain, 512), w))
          << name(type);
    }
  }
}

TEST(Round, WeightsLowerTheWeightedErrorOfEveryType) {
  const std::vector<float> w = importance(1024);
  const std::vector<float> x = heavy_tailed(1024, 11);
  for (const DType type : kSearched) {
    const auto alike = rounded(best_table(), type, x, ColumnWeights(type, 1024));
    const auto weighted = rounded(best_table(), type, x, ColumnWeights(type, 1024, w));
    EXPECT_LT(weighted_error(x, decoded(type, weighted, 1024), w),
              weighted_error(x, decoded(type, alike, 1024), w))
        << name(type);
  }
}

// The root mean square of what is lost, of numbers evenly spread over [-1, 1), in units of what
// evenly spaced levels over that range would lose: near 1 for a good search.
TEST(Round, LosesWhatTheBitsAllow) {
  const std::vector<float> ones(2048, 1.0F);
  const std::vector<float> x = testing::numbers(2048, 21);
  const std::vector<std::pair<DType, double>> levels = {
      {DType::kQ2_K, 4.0},  {DType::kQ3_K, 8.0},  {DType::kQ4_K, 16.0},
      {DType::kQ5_K, 32.0}, {DType::kQ6_K, 64.0}, {DType::kIQ4_XS, 16.0}};
  for (const auto& [type, count] : levels) {
    const auto row = rounded(best_table(), type, x, ColumnWeights(type, 2048));
    const double lost = std::sqrt(weighted_error(x, decoded(type, row, 2048), ones) / 2048.0);
    const double even = 2.0 / count / std::sqrt(12.0);
    EXPECT_LT(lost, 1.25 * even) << name(type);
    EXPECT_GT(lost, 0.75 * even) << name(type);
  }
}

// What a format can hold without loss comes back: levels times one scale.
TEST(Round, FindsNumbersThatTheFormatHolds) {
  std::vector<float> fours(256);
  for (std::size_t c = 0; c < fours.size(); ++c) {
    fours[c] = 0.25F * (static_cast<float>((c * 7) % 16) - 8.0F);
  }
  const std::vector<float> ones(256, 1.0F);
  for (const DType type : {DType::kQ4_K, DType::kQ5_K, DType::kQ4_1, DType::kQ5_1, DType::kQ4_0,
                           DType::kQ5_0, DType::kQ6_K}) {
    const auto row = rounded(best_table(), type, fours, ColumnWeights(type, 256, ones));
    EXPECT_LT(weighted_error(fours, decoded(type, row, 256), ones), 1e-4) << name(type);
  }
}

TEST(Round, ZerosStayZeros) {
  const std::vector<float> x(512, 0.0F);
  for (const DType type : kSearched) {
    for (const float value :
         decoded(type, rounded(best_table(), type, x, ColumnWeights(type, 512, importance(512))),
                 512)) {
      ASSERT_EQ(value, 0.0F) << name(type);
    }
  }
}

TEST(Round, TheLargestThatFitsGivesFiniteNumbers) {
  for (const DType type : kSearched) {
    if (type == DType::kQ4_1 || type == DType::kQ5_1) continue;  // their minimum is a half
    std::vector<float> x = testing::numbers(256, 31);
    x[0] = 1.0F;
    x[1] = -1.0F;
    for (float& value : x) value *= largest_roundable(type);
    const auto out = decoded(type, rounded(best_table(), type, x, ColumnWeights(type, 256)), 256);
    for (std::size_t c = 0; c < x.size(); ++c) {
      ASSERT_TRUE(std::isfinite(out[c])) << name(type);
      ASSERT_LE(std::abs(out[c]), 1.5F * largest_roundable(type)) << name(type);
    }
  }
}

TEST(ColumnWeights, AreRelativeToTheirBlockAndNeverZero) {
  std::vector<float> importance(64, 0.0F);
  importance[3] = 8.0F;
  importance[4] = 24.0F;
  const ColumnWeights weights(DType::kQ4_0, 64, importance);
  EXPECT_FALSE(weights.uniform());
  EXPECT_FLOAT_EQ(weights.values()[3], 8.0F);
  EXPECT_FLOAT_EQ(weights.values()[4], 24.0F);
  EXPECT_FLOAT_EQ(weights.values()[0], 1e-6F);
  EXPECT_EQ(weights.values()[40], 1.0F) << "nothing is known of that block";
  EXPECT_TRUE(ColumnWeights(DType::kQ4_0, 64).uniform());
}

// A column that is never used may be lost, but not the others.
TEST(Round, DeadColumnsDoNotDecide) {
  std::vector<float> x = testing::numbers(256, 41);
  std::vector<float> importance(256, 1.0F);
  for (std::size_t c = 0; c < 256; c += 16) {
    x[c] = 50.0F;
    importance[c] = 0.0F;
  }
  for (const DType type : kSearched) {
    const auto alike = rounded(best_table(), type, x, ColumnWeights(type, 256));
    const auto weighted = rounded(best_table(), type, x, ColumnWeights(type, 256, importance));
    EXPECT_LT(weighted_error(x, decoded(type, weighted, 256), importance),
              0.1 * weighted_error(x, decoded(type, alike, 256), importance))
        << name(type);
  }
}

TEST(Round, KnowsItsTypes) {
  for (const DType type : kSearched) EXPECT_TRUE(can_round(type)) << name(type);
  EXPECT_TRUE(can_round(DType::kQ8_0));
  EXPECT_TRUE(can_round(DType::kF16));
  EXPECT_FALSE(can_round(DType::kMXFP4));
  EXPECT_FALSE(can_round(DType::kIQ2_S));
}

}  // namespace
}  // namespace frugal::kernels
