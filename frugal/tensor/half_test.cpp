#include "frugal/tensor/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace frugal {
namespace {

constexpr std::uint32_t kHalves = 0x10000;

bool half_is_nan(std::uint32_t half) {
  return (half & 0x7FFFU) > 0x7C00U;
}

TEST(Half, EveryOneSurvivesDecodeAndEncode) {
  for (std::uint32_t bits = 0; bits < kHalves; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (half_is_nan(bits)) {
      EXPECT_TRUE(std::isnan(value)) << bits;
      EXPECT_TRUE(half_is_nan(float_to_half(value))) << bits;
      EXPECT_EQ(float_to_half(value) & 0x8000U, bits & 0x8000U);
    } else {
      EXPECT_EQ(float_to_half(value), half);
    }
  }
}

TEST(Half, DecodesByTheDefinition) {
  for (std::uint32_t bits = 0; bits < 0x7C00; ++bits) {
    const int exponent = static_cast<int>(bits >> 10U);
    const auto fraction = static_cast<float>(bits & 0x3FFU);
    const float want =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024.0F + fraction, exponent - 25);
    EXPECT_EQ(half_to_float(static_cast<std::uint16_t>(bits)), want) << bits;
    EXPECT_EQ(half_to_float(static_cast<std::uint16_t>(bits | 0x8000U)), -want) << bits;
  }
}

// Between two neighbours the middle goes to the even one, and the floats next to it do not.
TEST(Half, RoundsToNearestEvenAtEveryTie) {
  for (std::uint32_t bits = 0; bits < 0x7BFF; ++bits) {
    const auto below = static_cast<std::uint16_t>(bits);
    const auto above = static_cast<std::uint16_t>(bits + 1);
    const float middle = 0.5F * (half_to_float(below) + half_to_float(above));
    const std::uint16_t even = (bits & 1U) == 0 ? below : above;
    ASSERT_EQ(float_to_half(middle), even) << bits;
    ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0F)), below) << bits;
    ASSERT_EQ(float_to_half(std::nextafter(middle, 1e30F)), above) << bits;
    ASSERT_EQ(float_to_half(-middle), even | 0x8000U) << bits;
  }
}

TEST(Half, OverflowsToInfinityFromTheMiddleOn) {
  EXPECT_EQ(float_to_half(65504.0F), 0x7BFF);
  EXPECT_EQ(float_to_half(std::nextafter(65520.0F, 0.0F)), 0x7BFF);
  EXPECT_EQ(float_to_half(65520.0F), 0x7C00);
  EXPECT_EQ(float_to_half(-std::numeric_limits<float>::max()), 0xFC00);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::infinity()), 0x7C00);
  EXPECT_EQ(half_to_float(0xFC00), -std::numeric_limits<float>::infinity());
}

TEST(Half, KeepsTheSignOfZeroAndUnderflows) {
  EXPECT_EQ(float_to_half(0.0F), 0x0000);
  EXPECT_EQ(float_to_half(-0.0F), 0x8000);
  EXPECT_EQ(float_to_half(0x1p-25F), 0x0000);  // a tie: zero is even
  EXPECT_EQ(float_to_half(std::nextafter(0x1p-25F, 1.0F)), 0x0001);
  EXPECT_EQ(float_to_half(-std::numeric_limits<float>::denorm_min()), 0x8000);
  EXPECT_EQ(float_to_half(std::nextafter(0x1p-14F, 0.0F)), 0x0400);
}

TEST(Half, NotANumberStaysQuietlyOne) {
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::quiet_NaN()), 0x7E00);
  EXPECT_EQ(float_to_half(std::bit_cast<float>(0xFF800001U)), 0xFE00);
  EXPECT_EQ(float_to_half(std::bit_cast<float>(0x7FFFFFFFU)), 0x7E00);
}

TEST(Half, AgreesWithTheCompilersOwn) {
#if defined(__FLT16_MANT_DIG__)
  for (std::uint64_t bits = 0; bits < (1ULL << 32U); bits += 10'007) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    const auto want = std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
    if (std::isnan(value)) {
      EXPECT_TRUE(half_is_nan(float_to_half(value)));
    } else {
      ASSERT_EQ(float_to_half(value), want) << bits;
    }
  }
#else
  GTEST_SKIP() << "this compiler has no _Float16";
#endif
}

TEST(Bfloat, EveryOneSurvivesDecodeAndEncode) {
  for (std::uint32_t bits = 0; bits < kHalves; ++bits) {
    const auto bfloat = static_cast<std::uint16_t>(bits);
    const float value = bfloat_to_float(bfloat);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(bfloat_to_float(float_to_bfloat(value)))) << bits;
    } else {
      EXPECT_EQ(float_to_bfloat(value), bfloat);
    }
  }
}

TEST(Bfloat, RoundsToNearestEvenAtEveryTie) {
  for (std::uint32_t bits = 0; bits < 0x7F7F; ++bits) {
    const std::uint32_t middle = (bits << 16U) | 0x8000U;
    const std::uint32_t even = bits + (bits & 1U);
    ASSERT_EQ(float_to_bfloat(std::bit_cast<float>(middle)), even);
    ASSERT_EQ(float_to_bfloat(std::bit_cast<float>(middle - 1)), bits);
    ASSERT_EQ(float_to_bfloat(std::bit_cast<float>(middle + 1)), bits + 1);
    ASSERT_EQ(float_to_bfloat(std::bit_cast<float>(middle | 0x80000000U)), even | 0x8000U);
  }
}

TEST(Bfloat, HandlesTheEdges) {
  EXPECT_EQ(float_to_bfloat(1.0F), 0x3F80);
  EXPECT_EQ(float_to_bfloat(-0.0F), 0x8000);
  EXPECT_EQ(float_to_bfloat(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_EQ(float_to_bfloat(-std::numeric_limits<float>::infinity()), 0xFF80);
  // A NaN whose upper half alone would read as infinity.
  EXPECT_TRUE(std::isnan(bfloat_to_float(float_to_bfloat(std::bit_cast<float>(0x7F800001U)))));
}

TEST(Half, WorksAtCompileTime) {
  static_assert(half_to_float(0x3C00) == 1.0F);
  static_assert(float_to_half(-2.0F) == 0xC000);
  static_assert(bfloat_to_float(0x4000) == 2.0F);
  static_assert(float_to_bfloat(0.5F) == 0x3F00);
  EXPECT_EQ(half_to_float(0x3555), 0.333251953125F);
}

}  // namespace
}  // namespace frugal
