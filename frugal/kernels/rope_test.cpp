#include "frugal/kernels/rope.h"

#include <gtest/gtest.h>

#include "frugal/kernels/test_data.h"

namespace frugal::kernels {
namespace {

using testing::kNan;
using testing::kSizes;
using testing::name;
using testing::numbers;

struct Angles {
  std::vector<float> cosines;
  std::vector<float> sines;
};

Angles angles(std::size_t pairs, float step) {
  Angles result;
  for (std::size_t i = 0; i < pairs; ++i) {
    result.cosines.push_back(std::cos(step * static_cast<float>(i + 1)));
    result.sines.push_back(std::sin(step * static_cast<float>(i + 1)));
  }
  return result;
}

TEST(Rope, EveryIsaRotatesEveryPair) {
  for (const Kernels* table : runnable_kernels()) {
    SCOPED_TRACE(name(*table));
    for (const std::size_t pairs : kSizes) {
      const auto before = numbers(2 * pairs, 1);
      const Angles by = angles(pairs, 0.7F);
      auto x = before;
      rope(*table, {x.data(), 1, 2 * pairs, 2 * pairs}, by.cosines.data(), by.sines.data(), pairs);
      for (std::size_t i = 0; i < pairs; ++i) {
        const double a = before[2 * i];
        const double b = before[(2 * i) + 1];
        const double cosine = by.cosines[i];
        const double sine = by.sines[i];
        ASSERT_NEAR(x[2 * i], (a * cosine) - (b * sine), 5e-7) << pairs << ' ' << i;
        ASSERT_NEAR(x[(2 * i) + 1], (b * cosine) + (a * sine), 5e-7) << pairs << ' ' << i;
      }
    }
  }
}

TEST(Rope, TurnsAQuarterExactly) {
  const std::vector<float> cosines(9, 0.0F);
  const std::vector<float> sines(9, 1.0F);
  for (const Kernels* table : runnable_kernels()) {
    const auto before = numbers(18, 2);
    auto x = before;
    rope(*table, {x.data(), 1, 18, 18}, cosines.data(), sines.data(), 9);
    for (std::size_t i = 0; i < 9; ++i) {
      EXPECT_EQ(x[2 * i], -before[(2 * i) + 1]) << name(*table);
      EXPECT_EQ(x[(2 * i) + 1], before[2 * i]) << name(*table);
    }
  }
}

TEST(Rope, KeepsTheLengthOfEveryPair) {
  const Angles by = angles(21, 1.3F);
  for (const Kernels* table : runnable_kernels()) {
    const auto before = numbers(42, 5);
    auto x = before;
    rope(*table, {x.data(), 1, 42, 42}, by.cosines.data(), by.sines.data(), 21);
    for (std::size_t i = 0; i < 42; i += 2) {
      EXPECT_NEAR(std::hypot(x[i], x[i + 1]), std::hypot(before[i], before[i + 1]), 1e-6F)
          << name(*table);
    }
  }
}

TEST(Rope, TurningBackRestores) {
  const Angles by = angles(13, 0.4F);
  std::vector<float> opposite = by.sines;
  for (float& s : opposite) s = -s;
  for (const Kernels* table : runnable_kernels()) {
    const auto before = numbers(78, 6);
    auto x = before;
    rope(*table, {x.data(), 3, 26, 26}, by.cosines.data(), by.sines.data(), 13);
    rope(*table, {x.data(), 3, 26, 26}, by.cosines.data(), opposite.data(), 13);
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], before[i], 1e-6F) << name(*table);
  }
}

TEST(Rope, ScoresDependOnTheDistanceOnly) {
  // <rope(q, 5), rope(k, 3)> = <rope(q, 2), k>
  const auto q = numbers(32, 7);
  const auto k = numbers(32, 8);
  for (const Kernels* table : runnable_kernels()) {
    const auto turned = [&](std::vector<float> x, float position) {
      Angles by;
      for (int i = 0; i < 16; ++i) {
        const float angle = position * std::pow(10000.0F, -static_cast<float>(i) / 16.0F);
        by.cosines.push_back(std::cos(angle));
        by.sines.push_back(std::sin(angle));
      }
      rope(*table, {x.data(), 1, 32, 32}, by.cosines.data(), by.sines.data(), 16);
      return x;
    };
    const auto dot = [](const std::vector<float>& a, const std::vector<float>& b) {
      double sum = 0.0;
      for (std::size_t c = 0; c < a.size(); ++c) {
        sum += static_cast<double>(a[c]) * static_cast<double>(b[c]);
      }
      return sum;
    };
    EXPECT_NEAR(dot(turned(q, 5.0F), turned(k, 3.0F)), dot(turned(q, 2.0F), k), 1e-5)
        << name(*table);
  }
}

TEST(Rope, NumbersBeyondTheLastPairStay) {
  const Angles by = angles(5, 0.3F);
  for (const Kernels* table : runnable_kernels()) {
    const auto before = numbers(48, 3);
    auto x = before;
    rope(*table, {x.data(), 2, 20, 24}, by.cosines.data(), by.sines.data(), 5);
    for (std::size_t h = 0; h < 2; ++h) {
      EXPECT_NE(x[h * 24], before[h * 24]);
      for (std::size_t c = 10; c < 24; ++c) EXPECT_EQ(x[(h * 24) + c], before[(h * 24) + c]);
    }
  }
}

TEST(Rope, NanStaysInItsPair) {
  const Angles by = angles(11, 0.3F);
  for (const Kernels* table : runnable_kernels()) {
    auto x = numbers(22, 4);
    x[5] = kNan;
    x[20] = kNan;
    rope(*table, {x.data(), 1, 22, 22}, by.cosines.data(), by.sines.data(), 11);
    for (std::size_t c = 0; c < 22; ++c) {
      EXPECT_EQ(std::isnan(x[c]), c / 2 == 2 || c / 2 == 10) << name(*table) << ' ' << c;
    }
  }
}

TEST(Rope, CostIsCountedByHandAndLinearInHeads) {
  const Cost cost = rope_cost(2, 10);
  EXPECT_EQ(cost.op(Op::kFloat), 120U);
  EXPECT_EQ(cost.traffic(Traffic::kCache), 480U);
  EXPECT_EQ(2 * rope_cost(4, 32), rope_cost(8, 32));
}

TEST(RopeDeathTest, MorePairsThanNumbersIsABug) {
  std::vector<float> x(8);
  EXPECT_DEATH(rope(*runnable_kernels().front(), {x.data(), 1, 8, 8}, x.data(), x.data(), 5),
               "2 \\* pairs <= x.cols");
}

TEST(Rope, HalvesAreTheSameRotationOfOtherPairs) {
  for (const Kernels* table : runnable_kernels()) {
    for (const std::size_t pairs : kSizes) {
      const auto before = numbers((2 * pairs) + 3, 1);
      const Angles by = angles(pairs, 0.7F);
      auto halves = before;
      std::vector<float> interleaved(2 * pairs);
      for (std::size_t i = 0; i < pairs; ++i) {
        interleaved[2 * i] = before[i];
        interleaved[(2 * i) + 1] = before[i + pairs];
      }
      const std::size_t width = (2 * pairs) + 3;
      rope_halves(*table, {halves.data(), 1, width, width}, by.cosines.data(), by.sines.data(),
                  pairs);
      rope(*table, {interleaved.data(), 1, 2 * pairs, 2 * pairs}, by.cosines.data(),
           by.sines.data(), pairs);
      for (std::size_t i = 0; i < pairs; ++i) {
        ASSERT_NEAR(halves[i], interleaved[2 * i], 2e-7) << name(*table) << ' ' << pairs;
        ASSERT_NEAR(halves[i + pairs], interleaved[(2 * i) + 1], 2e-7);
      }
      for (std::size_t i = 2 * pairs; i < width; ++i) ASSERT_EQ(halves[i], before[i]);
    }
  }
}

}  // namespace
}  // namespace frugal::kernels
