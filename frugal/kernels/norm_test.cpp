#include "frugal/kernels/norm.h"

#include <gtest/gtest.h>

#include "frugal/kernels/test_data.h"

namespace frugal::kernels {
namespace {

using testing::kNan;
using testing::kSizes;
using testing::name;
using testing::numbers;
using testing::row_view;
using testing::worst;

std::vector<float> expected(const std::vector<float>& x, const std::vector<float>& gain,
                            double epsilon) {
  double squares = 0.0;
  for (const float v : x) squares += static_cast<double>(v) * static_cast<double>(v);
  const double scale = 1.0 / std::sqrt((squares / static_cast<double>(x.size())) + epsilon);
  std::vector<float> out(x.size());
  for (std::size_t c = 0; c < x.size(); ++c) {
    out[c] = static_cast<float>(static_cast<double>(x[c]) * scale * static_cast<double>(gain[c]));
  }
  return out;
}

TEST(RmsNorm, EveryIsaAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    SCOPED_TRACE(name(*table));
    for (const std::size_t cols : kSizes) {
      const auto x = numbers(cols, 1);
      const auto gain = numbers(cols, 2);
      std::vector<float> out(cols);
      rms_norm(*table, row_view(x.data(), cols), gain.data(), 1e-5F, row_view(out.data(), cols));
      EXPECT_LE(worst(out, expected(x, gain, 1e-5), 1e-5, 1e-30), 1.0) << cols;
    }
  }
}

TEST(RmsNorm, WorksInPlaceOnStridedRowsAndLeavesTheGapsAlone) {
  constexpr std::size_t kRows = 3;
  constexpr std::size_t kCols = 21;
  constexpr std::size_t kStride = 25;
  const auto gain = numbers(kCols, 3);
  for (const Kernels* table : runnable_kernels()) {
    SCOPED_TRACE(name(*table));
    std::vector<float> data = numbers(kRows * kStride, 4);
    const std::vector<float> before = data;
    rms_norm(*table, {data.data(), kRows, kCols, kStride}, gain.data(), 1e-6F,
             {data.data(), kRows, kCols, kStride});
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto row = before.begin() + static_cast<std::ptrdiff_t>(r * kStride);
      const std::vector<float> x(row, row + kCols);
      const std::span<const float> got = std::span(data).subspan(r * kStride, kCols);
      EXPECT_LE(worst(got, expected(x, gain, 1e-6), 1e-5, 1e-30), 1.0) << r;
      for (std::size_t c = kCols; c < kStride; ++c) {
        EXPECT_EQ(data[(r * kStride) + c], before[(r * kStride) + c]);
      }
    }
  }
}

TEST(RmsNorm, ZerosStayZeroBecauseOfEpsilon) {
  const std::vector<float> x(19, 0.0F);
  const auto gain = numbers(19, 5);
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> out(19, 1.0F);
    rms_norm(*table, row_view(x.data(), 19), gain.data(), 1e-5F, row_view(out.data(), 19));
    for (const float v : out) EXPECT_EQ(v, 0.0F) << name(*table);
  }
}

TEST(RmsNorm, OneNanReachesTheWholeRow) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t at : {0U, 9U, 18U}) {
      auto x = numbers(19, 6);
      x[at] = kNan;
      const std::vector<float> gain(19, 1.0F);
      std::vector<float> out(19);
      rms_norm(*table, row_view<const float>(x.data(), 19), gain.data(), 1e-5F,
               row_view(out.data(), 19));
      for (const float v : out) EXPECT_TRUE(std::isnan(v)) << name(*table);
    }
  }
}

TEST(RmsNorm, TheScaleOfTheInputDoesNotMatter) {
  const std::vector<float> gain(65, 1.0F);
  const auto x = numbers(65, 7);
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> one(65);
    std::vector<float> thousand(65);
    auto scaled = x;
    for (float& v : scaled) v *= 1000.0F;
    rms_norm(*table, row_view(x.data(), 65), gain.data(), 1e-20F, row_view(one.data(), 65));
    rms_norm(*table, row_view<const float>(scaled.data(), 65), gain.data(), 1e-20F,
             row_view(thousand.data(), 65));
    EXPECT_LE(worst(thousand, one, 1e-5, 1e-30), 1.0) << name(*table);
  }
}

TEST(RmsNorm, TheResultHasMeanSquareOne) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t cols : kSizes) {
      const auto x = numbers(cols, 8);
      const std::vector<float> gain(cols, 1.0F);
      std::vector<float> out(cols);
      rms_norm(*table, row_view(x.data(), cols), gain.data(), 1e-20F, row_view(out.data(), cols));
      double squares = 0.0;
      for (const float v : out) squares += static_cast<double>(v) * static_cast<double>(v);
      EXPECT_NEAR(squares / static_cast<double>(cols), 1.0, 1e-5) << name(*table) << ' ' << cols;
    }
  }
}

TEST(RmsNorm, CostIsCountedByHand) {
  static_assert(rms_norm_cost(1, 1).op(Op::kFloat) == 5);
  const Cost cost = rms_norm_cost(2, 10);
  EXPECT_EQ(cost.op(Op::kFloat), 82U);
  EXPECT_EQ(cost.op(Op::kSpecial), 6U);
  EXPECT_EQ(cost.op(Op::kInt8), 0U);
  EXPECT_EQ(cost.traffic(Traffic::kDram), 40U);
  EXPECT_EQ(cost.traffic(Traffic::kCache), 160U);
}

TEST(RmsNorm, HalfTheRowsDoHalfTheWorkWithTheSameGain) {
  const Cost whole = rms_norm_cost(8, 64);
  const Cost half = rms_norm_cost(4, 64);
  EXPECT_EQ((2 * half).ops, whole.ops);
  EXPECT_EQ(2 * half.traffic(Traffic::kCache), whole.traffic(Traffic::kCache));
  EXPECT_EQ(half.traffic(Traffic::kDram), whole.traffic(Traffic::kDram));
}

TEST(RmsNormDeathTest, AShapeMismatchIsABug) {
  std::vector<float> x(8);
  EXPECT_DEATH(rms_norm(*runnable_kernels().front(), row_view<const float>(x.data(), 8), x.data(),
                        1e-5F, row_view(x.data(), 7)),
               "x.cols == out.cols");
}

TEST(LayerNorm, EveryIsaAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t cols : kSizes) {
      if (cols < 3) continue;  // nearly constant rows
      const auto x = numbers(2 * cols, 1);
      const auto gain = numbers(cols, 2);
      const auto bias = numbers(cols, 3);
      std::vector<float> out(2 * cols);
      layer_norm(*table, {x.data(), 2, cols, cols}, gain.data(), bias.data(), 1e-5F,
                 {out.data(), 2, cols, cols});
      for (std::size_t r = 0; r < 2; ++r) {
        double mean = 0.0;
        for (std::size_t c = 0; c < cols; ++c)
          mean += x[(r * cols) + c] / static_cast<double>(cols);
        double variance = 0.0;
        for (std::size_t c = 0; c < cols; ++c) {
          const double difference = x[(r * cols) + c] - mean;
          variance += difference * difference / static_cast<double>(cols);
        }
        for (std::size_t c = 0; c < cols; ++c) {
          const double want =
              ((x[(r * cols) + c] - mean) / std::sqrt(variance + 1e-5) * gain[c]) + bias[c];
          ASSERT_NEAR(out[(r * cols) + c], want, 2e-5) << name(*table) << ' ' << cols << ' ' << c;
        }
      }
    }
  }
}

TEST(LayerNorm, MayRunInPlace) {
  for (const Kernels* table : runnable_kernels()) {
    auto x = numbers(33, 1);
    const auto gain = numbers(33, 2);
    const auto bias = numbers(33, 3);
    std::vector<float> out(33);
    layer_norm(*table, {x.data(), 1, 33, 33}, gain.data(), bias.data(), 1e-5F,
               {out.data(), 1, 33, 33});
    layer_norm(*table, {x.data(), 1, 33, 33}, gain.data(), bias.data(), 1e-5F,
               {x.data(), 1, 33, 33});
    EXPECT_EQ(x, out) << name(*table);
  }
}

TEST(LayerNormCost, CountsEachElementOnce) {
  const Cost cost = layer_norm_cost(3, 10);
  EXPECT_EQ(cost.op(Op::kFloat), 3U * 71);
  EXPECT_EQ(cost.op(Op::kSpecial), 12U);
  EXPECT_EQ(cost.traffic(Traffic::kCache), 240U);
}

}  // namespace
}  // namespace frugal::kernels
