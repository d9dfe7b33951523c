// Blocks of 32 numbers, written out by hand and read back.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "frugal/tensor/blocks.h"
#include "frugal/tensor/codec_for_test.h"

namespace frugal {
namespace {

using codec_test::append;
using codec_test::bytes;
using codec_test::decode;
using codec_test::encode;
using codec_test::half_bytes;
using codec_test::noise;

// Low nibbles 0 to 15, high nibbles 15 to 0.
std::vector<std::byte> up_and_down() {
  std::vector<std::byte> out;
  for (unsigned j = 0; j < 16; ++j) out.push_back(static_cast<std::byte>(j | ((15U - j) << 4U)));
  return out;
}

TEST(Codec32, DecodesAQ4_1BlockByHand) {
  std::vector<std::byte> row = half_bytes(0.5F);
  append(row, half_bytes(-3.0F));
  append(row, up_and_down());
  const std::vector<float> out = decode(DType::kQ4_1, row, 32);
  for (std::size_t j = 0; j < 16; ++j) {
    EXPECT_EQ(out[j], (0.5F * static_cast<float>(j)) - 3.0F);
    EXPECT_EQ(out[j + 16], (0.5F * static_cast<float>(15 - j)) - 3.0F);
  }
}

// Bits 0, 7, 16 and 31 of qh = 0x80010081 belong to the elements of those numbers.
TEST(Codec32, DecodesTheFifthBitsOfQ5) {
  const auto expect = [](DType type, std::vector<std::byte> row, float offset) {
    append(row, bytes({0x81, 0x00, 0x01, 0x80}));
    append(row, up_and_down());
    const std::vector<float> out = decode(type, row, 32);
    for (std::size_t j = 0; j < 32; ++j) {
      const float low = static_cast<float>(j < 16 ? j : 31 - j);
      const bool fifth = j == 0 || j == 7 || j == 16 || j == 31;
      EXPECT_EQ(out[j], (2.0F * (low + (fifth ? 16.0F : 0.0F))) + offset) << name(type) << j;
    }
  };
  expect(DType::kQ5_0, half_bytes(2.0F), -32.0F);
  std::vector<std::byte> with_minimum = half_bytes(2.0F);
  append(with_minimum, half_bytes(7.0F));
  expect(DType::kQ5_1, with_minimum, 7.0F);
}

TEST(Codec32, DecodesAnIQ4_NLBlockByHand) {
  std::vector<std::byte> row = half_bytes(-0.25F);
  append(row, up_and_down());
  const std::vector<float> out = decode(DType::kIQ4_NL, row, 32);
  EXPECT_EQ(out[0], 31.75F);
  EXPECT_EQ(out[7], 2.5F);
  EXPECT_EQ(out[8], -0.25F);
  EXPECT_EQ(out[15], -28.25F);
  EXPECT_EQ(out[16], -28.25F);
  EXPECT_EQ(out[31], 31.75F);
}

TEST(Codec32, DecodesAnMXFP4BlockByHand) {
  std::vector<std::byte> row = bytes({128});  // 2^1
  append(row, up_and_down());
  const std::vector<float> want = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
  const std::vector<float> out = decode(DType::kMXFP4, row, 32);
  for (std::size_t j = 0; j < 16; ++j) {
    EXPECT_EQ(out[j], want[j]);
    EXPECT_EQ(out[31 - j], want[j]);
  }
}

TEST(Codec32, EveryExponentOfMXFP4IsAPowerOfTwo) {
  for (int e = 0; e < 256; ++e) {
    std::vector<std::byte> row = bytes({e});
    append(row, std::vector<std::byte>(16, std::byte{0x91}));  // 0.5 and -0.5
    const std::vector<float> out = decode(DType::kMXFP4, row, 32);
    EXPECT_EQ(out[0], std::ldexp(1.0F, e - 128)) << e;
    EXPECT_EQ(out[16], -std::ldexp(1.0F, e - 128)) << e;
  }
}

// Every scale that a file can hold, NaN and infinity included, decodes to that scale.
TEST(Codec32, EveryBitPatternOfAScaleIsRead) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    std::vector<std::byte> row = {static_cast<std::byte>(half & 255U),
                                  static_cast<std::byte>(half >> 8U)};
    append(row, std::vector<std::byte>(16, std::byte{0x98}));  // elements 0: 1, elements 16: 13
    const float d = half_to_float(half);
    const std::vector<float> out = decode(DType::kIQ4_NL, row, 32);
    if (std::isnan(d)) {
      EXPECT_TRUE(std::isnan(out[0]));
    } else {
      EXPECT_EQ(out[0], d);
      EXPECT_EQ(out[16], d * 13.0F);
    }
  }
}

// The smallest is m and level 0, the largest level 15.
TEST(Codec32, EncodesAQ4_1BlockByHand) {
  std::vector<float> in(32, -2.0F);
  in[1] = 5.5F;  // d = 0.5
  in[16] = -1.5F;
  in[17] = 0.2F;  // 4.4 -> 4
  std::vector<std::byte> want = half_bytes(0.5F);
  append(want, half_bytes(-2.0F));
  want.resize(20, std::byte{0});
  want[4 + 0] = std::byte{0x10};
  want[4 + 1] = std::byte{0x4F};
  EXPECT_EQ(encode(DType::kQ4_1, in), want);
}

TEST(Codec32, EncodesAQ5_0BlockByHand) {
  std::vector<float> in(32, 0.0F);
  in[2] = -16.0F;  // d = 1, level 0
  in[18] = 15.0F;  // level 31
  in[3] = 16.0F;   // would be 32: cut
  std::vector<std::byte> want = half_bytes(1.0F);
  append(want, bytes({0xFB, 0xFF, 0xFF, 0xFF}));  // all but element 2 have the fifth bit
  want.resize(22, std::byte{0});
  want[6 + 2] = std::byte{0xF0};
  want[6 + 3] = std::byte{0x0F};
  EXPECT_EQ(encode(DType::kQ5_0, in), want);
}

TEST(Codec32, EncodesAQ5_1BlockByHand) {
  std::vector<float> in(32, 1.0F);
  in[31] = 32.0F;  // d = 1
  in[0] = 17.4F;   // 16
  std::vector<std::byte> want = half_bytes(1.0F);
  append(want, half_bytes(1.0F));
  append(want, bytes({0x01, 0x00, 0x00, 0x80}));
  want.resize(24, std::byte{0});
  want[8 + 15] = std::byte{0xF0};
  EXPECT_EQ(encode(DType::kQ5_1, in), want);
}

TEST(Codec32, TheErrorStaysWithinHalfAStepOfTheRange) {
  const std::vector<float> in = noise(1024, 3.0F, 11);
  const auto worst = [&](DType type) {
    const std::vector<float> out = decode(type, encode(type, in), in.size());
    float largest = 0.0F;
    for (std::size_t c = 0; c < in.size(); ++c) {
      largest = std::max(largest, std::abs(out[c] - in[c]));
    }
    return largest;
  };
  // Half a step (a whole one opposite the largest in Q5_0), and the rounding of scale and minimum.
  EXPECT_LE(worst(DType::kQ4_1), (0.5F * 6.0F / 15.0F) + (9.0F * 0x1p-11F));
  EXPECT_LE(worst(DType::kQ5_0), (3.0F / 16.0F) + (3.0F * 0x1p-11F));
  EXPECT_LE(worst(DType::kQ5_1), (0.5F * 6.0F / 31.0F) + (9.0F * 0x1p-11F));
}

TEST(Codec32, ABlockOfOneNumberIsThatNumber) {
  const std::vector<float> in(32, -0.375F);
  for (const DType type : {DType::kQ4_1, DType::kQ5_1, DType::kQ5_0}) {
    EXPECT_EQ(decode(type, encode(type, in), 32), in) << name(type);
  }
}

TEST(Codec32, NumbersThatAreNotFiniteStillGiveSomeBlock) {
  for (const float odd : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    for (const std::size_t count : {1U, 32U}) {
      std::vector<float> in(32, 1.0F);
      std::fill_n(in.begin(), count, odd);
      for (const DType type : {DType::kQ4_1, DType::kQ5_0, DType::kQ5_1}) {
        EXPECT_EQ(encode(type, in), encode(type, in)) << name(type);
      }
    }
  }
}

}  // namespace
}  // namespace frugal
