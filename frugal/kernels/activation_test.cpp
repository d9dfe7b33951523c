#include "frugal/kernels/activation.h"

#include <gtest/gtest.h>

#include "frugal/kernels/test_data.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels {
namespace {

using testing::kInfinity;
using testing::kNan;
using testing::kSizes;
using testing::name;
using testing::numbers;
using testing::row_view;
using testing::worst;

float expected(float gate, float up) {
  const auto x = static_cast<double>(gate);
  return static_cast<float>(x / (1.0 + std::exp(-x)) * static_cast<double>(up));
}

TEST(SiluMul, EveryIsaAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    SCOPED_TRACE(name(*table));
    for (const std::size_t cols : kSizes) {
      auto gate = numbers(cols, 1);
      for (float& v : gate) v *= 20.0F;
      const auto up = numbers(cols, 2);
      std::vector<float> want(cols);
      for (std::size_t c = 0; c < cols; ++c) want[c] = expected(gate[c], up[c]);
      std::vector<float> out(cols);
      silu_mul(*table, row_view<const float>(gate.data(), cols),
               row_view<const float>(up.data(), cols), row_view(out.data(), cols));
      EXPECT_LE(worst(out, want, 2e-6, 1e-37), 1.0) << cols;
    }
  }
}

TEST(SiluMul, FarFromZeroItIsTheNumberItselfOrNothing) {
  const std::vector<float> gate = {-3e38F, -1e4F,  -200.0F, -90.0F, 0.0F,
                                   90.0F,  200.0F, 1e4F,    3e38F};
  const std::vector<float> up(gate.size(), 1.0F);
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> out(gate.size());
    silu_mul(*table, row_view(gate.data(), gate.size()), row_view(up.data(), up.size()),
             row_view(out.data(), out.size()));
    for (std::size_t c = 0; c < gate.size(); ++c) {
      if (gate[c] < 0.0F) {
        EXPECT_NEAR(out[c], 0.0F, 1e-36F) << name(*table) << ' ' << gate[c];
      } else {
        EXPECT_EQ(out[c], gate[c]) << name(*table);
      }
    }
  }
}

TEST(SiluMul, NanAndInfinityAreSeenAlikeInEveryIsa) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t at : {0U, 17U}) {
      std::vector<float> gate(18, 1.0F);
      const std::vector<float> up(18, 1.0F);
      std::vector<float> out(18);
      const auto run = [&](float value) {
        gate[at] = value;
        silu_mul(*table, row_view<const float>(gate.data(), 18),
                 row_view<const float>(up.data(), 18), row_view(out.data(), 18));
        return out[at];
      };
      EXPECT_TRUE(std::isnan(run(kNan))) << name(*table);
      EXPECT_TRUE(std::isnan(run(-kInfinity))) << name(*table);
      EXPECT_EQ(run(kInfinity), kInfinity) << name(*table);
      EXPECT_FALSE(std::isnan(out[1])) << "neighbours stay";
    }
  }
}

TEST(SiluMul, WorksInPlaceOnStridedRowsAndLeavesTheGapsAlone) {
  const auto up = numbers(30, 3);
  const auto before = numbers(39, 4);
  for (const Kernels* table : runnable_kernels()) {
    auto x = before;
    silu_mul(*table, {x.data(), 3, 10, 13}, {up.data(), 3, 10, 10}, {x.data(), 3, 10, 13});
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 13; ++c) {
        const std::size_t i = (r * 13) + c;
        const float want = c < 10 ? expected(before[i], up[(r * 10) + c]) : before[i];
        EXPECT_NEAR(x[i], want, 1e-6F * std::abs(want)) << name(*table);
      }
    }
  }
}

TEST(SiluMul, TheTwoSidesDifferByTheNumberItself) {
  // silu(x) - silu(-x) = x
  const auto x = numbers(50, 5);
  const std::vector<float> ones(50, 1.0F);
  auto minus = x;
  for (float& v : minus) v = -v;
  for (const Kernels* table : runnable_kernels()) {
    std::vector<float> right(50);
    std::vector<float> left(50);
    silu_mul(*table, row_view(x.data(), 50), row_view(ones.data(), 50), row_view(right.data(), 50));
    silu_mul(*table, row_view<const float>(minus.data(), 50), row_view(ones.data(), 50),
             row_view(left.data(), 50));
    for (std::size_t c = 0; c < 50; ++c) EXPECT_NEAR(right[c] - left[c], x[c], 2e-7F);
  }
}

TEST(SiluMul, ZeroGatesCloseAndTheProductIsLinearInUp) {
  const auto up = numbers(21, 6);
  auto twice = up;
  for (float& v : twice) v *= 2.0F;
  for (const Kernels* table : runnable_kernels()) {
    auto gate = numbers(21, 7);
    gate[4] = 0.0F;
    gate[20] = -0.0F;
    std::vector<float> out(21);
    std::vector<float> doubled(21);
    const auto in = row_view<const float>(gate.data(), 21);
    silu_mul(*table, in, row_view(up.data(), 21), row_view(out.data(), 21));
    silu_mul(*table, in, row_view<const float>(twice.data(), 21), row_view(doubled.data(), 21));
    for (std::size_t c = 0; c < 21; ++c) EXPECT_EQ(doubled[c], 2.0F * out[c]) << name(*table);
    EXPECT_EQ(out[4], 0.0F);
    EXPECT_EQ(out[20], 0.0F);
  }
}

TEST(SiluMul, CostIsCountedByHandAndLinearInRows) {
  const Cost cost = silu_mul_cost(2, 10);
  EXPECT_EQ(cost.op(Op::kFloat), 60U);
  EXPECT_EQ(cost.op(Op::kSpecial), 40U);
  EXPECT_EQ(cost.traffic(Traffic::kCache), 240U);
  EXPECT_EQ(2 * silu_mul_cost(3, 77), silu_mul_cost(6, 77));
}

TEST(SiluMulDeathTest, AShapeMismatchIsABug) {
  std::vector<float> x(8);
  const auto in = row_view<const float>(x.data(), 8);
  EXPECT_DEATH(silu_mul(*runnable_kernels().front(), in, row_view<const float>(x.data(), 7),
                        row_view(x.data(), 8)),
               "up.cols == out.cols");
}

double exact_gelu(double x) {
  return x / 2.0 *
         (1.0 + std::tanh(std::sqrt(2.0 / 3.14159265358979) * (x + (0.044715 * x * x * x))));
}

TEST(Gelu, EveryIsaAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t cols : kSizes) {
      auto x = numbers(cols, 1);
      for (float& v : x) v *= 12.0F;
      const auto up = numbers(cols, 2);
      std::vector<float> plain(cols);
      std::vector<float> gated(cols);
      gelu(*table, {x.data(), 1, cols, cols}, {plain.data(), 1, cols, cols});
      gelu_mul(*table, {x.data(), 1, cols, cols}, {up.data(), 1, cols, cols},
               {gated.data(), 1, cols, cols});
      for (std::size_t c = 0; c < cols; ++c) {
        const double want = exact_gelu(x[c]);
        // Half a unit of binary16 from x, half a one from the result.
        ASSERT_NEAR(plain[c], want, 1.2e-3 * std::abs(x[c])) << name(*table) << ' ' << x[c];
        ASSERT_EQ(gated[c], plain[c] * up[c]) << name(*table);
      }
    }
  }
}

TEST(Gelu, FarAwayIsZeroOrTheNumberItself) {
  for (const Kernels* table : runnable_kernels()) {
    const std::vector<float> x = {-1e30F, -50.0F, 0.0F, 50.0F, 1e9F, testing::kNan};
    std::vector<float> out(x.size());
    gelu(*table, {x.data(), 1, 6, 6}, {out.data(), 1, 6, 6});
    EXPECT_EQ(out[1], 0.0F) << name(*table);
    EXPECT_EQ(out[2], 0.0F);
    EXPECT_EQ(out[3], 50.0F);
    EXPECT_EQ(out[4], 1e9F);
    EXPECT_TRUE(std::isnan(out[5]));
  }
}

TEST(Gelu, StartsAndEndsInBinary16) {
  for (const Kernels* table : runnable_kernels()) {
    const auto x = numbers(64, 7);
    std::vector<float> out(64);
    gelu(*table, {x.data(), 1, 64, 64}, {out.data(), 1, 64, 64});
    for (const float y : out) EXPECT_EQ(y, half_to_float(float_to_half(y))) << name(*table);
  }
}

TEST(Softcap, EveryIsaAgreesWithTheFormula) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t cols : kSizes) {
      const auto before = numbers(cols, 4);
      for (const float size : {0.1F, 30.0F, 1000.0F}) {
        auto x = before;
        for (float& v : x) v *= size;
        const auto input = x;
        softcap(*table, {x.data(), 1, cols, cols}, 30.0F);
        for (std::size_t c = 0; c < cols; ++c) {
          ASSERT_NEAR(x[c], 30.0 * std::tanh(static_cast<double>(input[c]) / 30.0), 3e-5)
              << name(*table);
        }
      }
    }
  }
}

TEST(ActivationCost, GateAddsOneProductAndOneOperand) {
  EXPECT_EQ(gelu_cost(2, 5).op(Op::kFloat), 90U);
  EXPECT_EQ(gelu_mul_cost(2, 5).op(Op::kFloat), 100U);
  EXPECT_EQ(gelu_mul_cost(2, 5).traffic(Traffic::kCache), 120U);
  EXPECT_EQ(softcap_cost(2, 5).op(Op::kSpecial), 20U);
}

}  // namespace
}  // namespace frugal::kernels
