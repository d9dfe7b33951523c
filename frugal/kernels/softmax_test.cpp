#include "frugal/kernels/softmax.h"

#include <gtest/gtest.h>

#include "frugal/kernels/test_data.h"

namespace frugal::kernels {
namespace {

using testing::kInfinity;
using testing::kNan;
using testing::kSizes;
using testing::name;
using testing::numbers;
using testing::row_view;
using testing::worst;

std::vector<float> expected(const std::vector<float>& x) {
  const auto max = static_cast<double>(*std::max_element(x.begin(), x.end()));
  double sum = 0.0;
  for (const float v : x) sum += std::exp(static_cast<double>(v) - max);
  std::vector<float> out(x.size());
  for (std::size_t c = 0; c < x.size(); ++c) {
    out[c] = static_cast<float>(std::exp(static_cast<double>(x[c]) - max) / sum);
  }
  return out;
}

TEST(Softmax, EveryIsaAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    SCOPED_TRACE(name(*table));
    for (const std::size_t cols : kSizes) {
      auto x = numbers(cols, 1);
      for (float& v : x) v *= 8.0F;
      const auto want = expected(x);
      softmax(*table, row_view(x.data(), cols));
      EXPECT_LE(worst(x, want, 5e-6, 1e-37), 1.0) << cols;
    }
  }
}

TEST(Softmax, ExpIsAccurateOverItsWholeRange) {
  // The largest is 0, so that x - max is exact and only exp can err.
  std::vector<float> x(4001);
  for (std::size_t c = 0; c < x.size(); ++c) x[c] = -0.03F * static_cast<float>(c);
  const auto want = expected(x);
  for (const Kernels* table : runnable_kernels()) {
    auto got = x;
    softmax(*table, row_view(got.data(), got.size()));
    EXPECT_LE(worst(got, want, 1e-6, 1e-43), 1.0) << name(*table);
  }
}

TEST(Softmax, EveryIsaAgreesWithScalar) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t cols : kSizes) {
      auto want = numbers(cols, 2);
      for (float& v : want) v *= 30.0F;
      auto got = want;
      softmax(*runnable_kernels().front(), row_view(want.data(), cols));
      softmax(*table, row_view(got.data(), cols));
      EXPECT_LE(worst(got, want, 1e-5, 1e-37), 1.0) << name(*table) << ' ' << cols;
    }
  }
}

TEST(Softmax, MaskedAndVerySmallScoresBecomeExactlyZero) {
  for (const Kernels* table : runnable_kernels()) {
    SCOPED_TRACE(name(*table));
    for (const std::size_t cols : {4U, 19U, 40U}) {
      std::vector<float> x(cols, -kInfinity);
      x[1] = 2.0F;
      x[cols - 1] = 2.0F;
      x[2] = -3e38F;
      softmax(*table, row_view(x.data(), cols));
      for (std::size_t c = 0; c < cols; ++c) {
        EXPECT_EQ(x[c], c == 1 || c == cols - 1 ? 0.5F : 0.0F) << c;
      }
    }
  }
}

TEST(Softmax, HugeScoresDoNotOverflow) {
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> x(11, 3e38F);
    softmax(*table, row_view(x.data(), 11));
    for (const float v : x) EXPECT_FLOAT_EQ(v, 1.0F / 11.0F) << name(*table);
  }
}

TEST(Softmax, NanInfinityOrNothingButMasksBecomeNan) {
  for (const Kernels* table : runnable_kernels()) {
    for (const float poison : {kNan, kInfinity}) {
      for (const std::size_t at : {0U, 5U, 18U}) {
        auto x = numbers(19, 3);
        x[at] = poison;
        softmax(*table, row_view(x.data(), 19));
        for (const float v : x) EXPECT_TRUE(std::isnan(v)) << name(*table) << ' ' << at;
      }
    }
    std::vector<float> masked(9, -kInfinity);
    softmax(*table, row_view(masked.data(), 9));
    for (const float v : masked) EXPECT_TRUE(std::isnan(v)) << name(*table);
  }
}

TEST(Softmax, RowsAreIndependentAndGapsStay) {
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> x(21, 42.0F);
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 5; ++c) x[(r * 7) + c] = static_cast<float>(r * c);
    }
    softmax(*table, {x.data(), 3, 5, 7});
    for (std::size_t r = 0; r < 3; ++r) {
      double sum = 0.0;
      for (std::size_t c = 0; c < 5; ++c) sum += static_cast<double>(x[(r * 7) + c]);
      EXPECT_NEAR(sum, 1.0, 1e-6) << name(*table);
      EXPECT_EQ(x[(r * 7) + 5], 42.0F);
      EXPECT_EQ(x[(r * 7) + 6], 42.0F);
    }
  }
}

TEST(Softmax, ProbabilitiesSumToOneAndKeepTheOrder) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t cols : kSizes) {
      const auto scores = numbers(cols, 4);
      auto x = scores;
      softmax(*table, row_view(x.data(), cols));
      double sum = 0.0;
      for (const float v : x) sum += static_cast<double>(v);
      EXPECT_NEAR(sum, 1.0, 1e-5) << name(*table) << ' ' << cols;
      for (std::size_t c = 1; c < cols; ++c) {
        if (scores[c] > scores[c - 1] + 1e-5F) {
          EXPECT_GT(x[c], x[c - 1]) << name(*table) << ' ' << c;
        }
      }
    }
  }
}

TEST(Softmax, AConstantAddedToAllScoresChangesNothing) {
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> x(45);
    std::vector<float> shifted(45);
    for (std::size_t c = 0; c < 45; ++c) {
      x[c] = 0.25F * static_cast<float>(c % 13);
      shifted[c] = x[c] + 1024.0F;  // exact
    }
    softmax(*table, row_view(x.data(), 45));
    softmax(*table, row_view(shifted.data(), 45));
    EXPECT_EQ(x, shifted) << name(*table);
  }
}

TEST(Softmax, OneScoreIsCertain) {
  for (const Kernels* table : runnable_kernels()) {
    for (const float score : {-1e30F, -3.0F, 0.0F, 88.0F, 1e30F}) {
      float x = score;
      softmax(*table, row_view(&x, 1));
      EXPECT_EQ(x, 1.0F) << name(*table) << ' ' << score;
    }
  }
}

TEST(Softmax, CostIsCountedByHandAndLinearInRows) {
  const Cost cost = softmax_cost(2, 10);
  EXPECT_EQ(cost.op(Op::kFloat), 80U);
  EXPECT_EQ(cost.op(Op::kSpecial), 22U);
  EXPECT_EQ(cost.traffic(Traffic::kCache), 160U);
  EXPECT_EQ(cost.traffic(Traffic::kDram), 0U);
  EXPECT_EQ(2 * softmax_cost(3, 77), softmax_cost(6, 77));
}

TEST(SoftmaxDeathTest, AnEmptyRowIsABug) {
  float x = 0.0F;
  EXPECT_DEATH(softmax(*runnable_kernels().front(), {&x, 1, 0, 1}), "x.cols >= 1");
}

}  // namespace
}  // namespace frugal::kernels
