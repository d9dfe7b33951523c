#include "frugal/tensor/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "frugal/tensor/codec_for_test.h"

namespace frugal {
namespace {

using codec_test::bytes;
using codec_test::decode;
using codec_test::encode;
using codec_test::noise;

constexpr std::array kCodecs = {DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ8_0,
                                DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1};
constexpr std::array kReadOnly = {DType::kQ2_K, DType::kQ3_K,   DType::kQ4_K,   DType::kQ5_K,
                                  DType::kQ6_K, DType::kIQ4_NL, DType::kIQ4_XS, DType::kMXFP4};

TEST(Codec, KnowsWhichTypesItKnows) {
  for (const DType type : kCodecs) {
    EXPECT_TRUE(can_decode(type)) << name(type);
    EXPECT_TRUE(can_encode(type)) << name(type);
  }
  for (const DType type : kReadOnly) {
    EXPECT_TRUE(can_decode(type)) << name(type);
    EXPECT_FALSE(can_encode(type)) << name(type);
  }
  for (const DType type : {DType::kIQ2_XXS, DType::kI8, DType::kF64, DType::kQ8_1}) {
    EXPECT_FALSE(can_decode(type)) << name(type);
    EXPECT_FALSE(can_encode(type)) << name(type);
  }
}

TEST(Codec, PlainTypesAreLittleEndian) {
  EXPECT_EQ(encode(DType::kF32, {1.0F, -2.0F}), bytes({0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}));
  EXPECT_EQ(encode(DType::kF16, {1.0F, -2.0F}), bytes({0, 0x3C, 0, 0xC0}));
  EXPECT_EQ(encode(DType::kBF16, {1.0F, -2.0F}), bytes({0x80, 0x3F, 0, 0xC0}));
  EXPECT_EQ(decode(DType::kF16, bytes({0x00, 0x3C, 0x01, 0x00}), 2),
            (std::vector<float>{1.0F, 0x1p-24F}));
  EXPECT_EQ(decode(DType::kBF16, bytes({0x80, 0x3F}), 1), std::vector<float>{1.0F});
}

// d = 2, so that element j is 2 * qs[j].
TEST(Codec, DecodesAQ8BlockByHand) {
  std::vector<std::byte> row = bytes({0x00, 0x40});
  std::vector<float> want;
  for (int j = 0; j < 32; ++j) {
    const int level = j == 31 ? -128 : (j * 8) - 127;
    row.push_back(static_cast<std::byte>(level & 0xFF));
    want.push_back(2.0F * static_cast<float>(level));
  }
  EXPECT_EQ(decode(DType::kQ8_0, row, 32), want);
}

// The largest is 127, so d = 1 and each number is rounded half away from zero.
TEST(Codec, EncodesAQ8BlockByHand) {
  std::vector<float> in(32, 0.0F);
  in[0] = -127.0F;
  in[1] = 0.5F;
  in[2] = -0.5F;
  in[3] = 1.4F;
  in[4] = 2.5F;
  in[5] = -3.5F;
  in[31] = 126.4F;
  const std::vector<std::byte> row = encode(DType::kQ8_0, in);
  ASSERT_EQ(row.size(), 34U);
  std::vector<std::byte> want = bytes({0x00, 0x3C, -127, 1, -1, 1, 3, -4});
  want.resize(33, std::byte{0});
  want.push_back(std::byte{126});
  EXPECT_EQ(row, want);
}

// d = 0.5; low nibbles are elements 0 to 15, high nibbles 16 to 31, both less 8.
TEST(Codec, DecodesAQ4BlockByHand) {
  std::vector<std::byte> row = bytes({0x00, 0x38});
  std::vector<float> want(32);
  for (std::size_t j = 0; j < 16; ++j) {
    row.push_back(static_cast<std::byte>(j | ((15 - j) << 4U)));
    want[j] = 0.5F * (static_cast<float>(j) - 8.0F);
    want[j + 16] = 0.5F * (7.0F - static_cast<float>(j));
  }
  EXPECT_EQ(decode(DType::kQ4_0, row, 32), want);
}

// The value of largest magnitude always gets level 0, that is -8: d carries its sign.
TEST(Codec, TheLargestOfAQ4BlockSetsTheSignOfTheScale) {
  std::vector<float> in(32, 0.0F);
  in[3] = -8.0F;
  in[20] = 7.0F;
  std::vector<std::byte> want = bytes({0x00, 0x3C});  // d = 1
  want.resize(18, std::byte{0x88});
  want[2 + 3] = std::byte{0x80};
  want[2 + 4] = std::byte{0xF8};
  EXPECT_EQ(encode(DType::kQ4_0, in), want);

  for (float& value : in) value = -value;
  want[1] = std::byte{0xBC};  // d = -1, the levels stay
  EXPECT_EQ(encode(DType::kQ4_0, in), want);
}

// What lies opposite the largest would need level 16 and is cut to 15.
TEST(Codec, TheOppositeOfTheLargestIsCutInQ4) {
  std::vector<float> in(32, 0.0F);
  in[0] = 8.0F;
  in[1] = -8.0F;
  const std::vector<float> out = decode(DType::kQ4_0, encode(DType::kQ4_0, in), 32);
  EXPECT_EQ(out[0], 8.0F);
  EXPECT_EQ(out[1], -7.0F);
}

TEST(Codec, OfTwoEqualMagnitudesTheFirstSetsTheScaleOfQ4) {
  std::vector<float> in(32, 0.0F);
  in[5] = -8.0F;
  in[6] = 8.0F;
  EXPECT_EQ(encode(DType::kQ4_0, in)[1], std::byte{0x3C});
}

TEST(Codec, ABlockOfZerosHasTheReferencesBytes) {
  const std::vector<float> zeros(32, 0.0F);
  EXPECT_EQ(encode(DType::kQ8_0, zeros), std::vector<std::byte>(34, std::byte{0}));
  std::vector<std::byte> want = bytes({0x00, 0x80});  // d = 0 / -8 = -0
  want.resize(18, std::byte{0x88});
  EXPECT_EQ(encode(DType::kQ4_0, zeros), want);
  for (const DType type : kCodecs) {
    EXPECT_EQ(decode(type, encode(type, zeros), 32), zeros) << name(type);
  }
}

// A format reproduces what it can hold.  The scales are powers of two: the extremes 127 d and
// -8 d then give back the same d.
TEST(Codec, DecodedNumbersAreFixedPoints) {
  std::vector<float> in = noise(96, 1.0F);
  for (std::size_t c = 0; c < 96; c += 32) in[c + 7] = -1.0F;
  for (const DType type : {DType::kF32, DType::kF16, DType::kBF16, DType::kQ4_0}) {
    const std::vector<std::byte> once = encode(type, in);
    EXPECT_EQ(encode(type, decode(type, once, 96)), once) << name(type);
  }
  for (std::size_t c = 0; c < 96; c += 32) in[c + 7] = 127.0F / 128.0F;
  for (float& value : in) value = std::min(std::max(value, -127.0F / 128.0F), 127.0F / 128.0F);
  const std::vector<std::byte> once = encode(DType::kQ8_0, in);
  EXPECT_EQ(encode(DType::kQ8_0, decode(DType::kQ8_0, once, 96)), once);
}

TEST(Codec, TheErrorStaysWithinHalfAStep) {
  const std::vector<float> in = noise(1024, 3.0F, 7);
  const auto worst = [&](DType type) {
    const std::vector<float> out = decode(type, encode(type, in), in.size());
    float largest = 0.0F;
    for (std::size_t c = 0; c < in.size(); ++c) {
      largest = std::max(largest, std::abs(out[c] - in[c]));
    }
    return largest;
  };
  EXPECT_EQ(worst(DType::kF32), 0.0F);
  EXPECT_LE(worst(DType::kF16), 3.0F * 0x1p-11F);
  EXPECT_LE(worst(DType::kBF16), 3.0F * 0x1p-8F);
  // Half a step, and what rounding the scale to 11 bits moves the largest level by.
  EXPECT_LE(worst(DType::kQ8_0), (0.5F * 3.0F / 127.0F) + (3.0F * 0x1p-11F));
  // A whole step: the number opposite the largest is cut.
  EXPECT_LE(worst(DType::kQ4_0), (3.0F / 8.0F) + (3.0F * 0x1p-11F));
}

TEST(Codec, RowsMayLieAtAnyAddress) {
  const std::vector<float> in = noise(64, 2.0F, 3);
  for (const DType type : kCodecs) {
    const std::vector<std::byte> want = encode(type, in);
    for (std::size_t offset = 1; offset < 4; ++offset) {
      std::vector<std::byte> storage(want.size() + offset + 1, std::byte{0xEE});
      encode_row(type, in, storage.data() + offset);
      EXPECT_EQ(std::memcmp(storage.data() + offset, want.data(), want.size()), 0) << name(type);
      EXPECT_EQ(storage[offset - 1], std::byte{0xEE});
      EXPECT_EQ(storage.back(), std::byte{0xEE});
      std::vector<float> out(64);
      decode_row(type, storage.data() + offset, out);
      EXPECT_EQ(out, decode(type, want, 64)) << name(type);
    }
  }
}

TEST(Codec, BlocksOfARowAreIndependent) {
  std::vector<float> in = noise(32, 1.0F, 5);
  const std::vector<float> second = noise(32, 100.0F, 6);
  const std::vector<std::byte> alone = encode(DType::kQ8_0, in);
  in.insert(in.end(), second.begin(), second.end());
  const std::vector<std::byte> both = encode(DType::kQ8_0, in);
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), both.begin()));
}

TEST(Codec, AnEmptyRowIsNothing) {
  for (const DType type : kCodecs) {
    encode_row(type, {}, nullptr);
    decode_row(type, nullptr, {});
    EXPECT_EQ(row_bytes(type, 0), 0U);
  }
}

// Below 2^-25 the scale is zero as a half, and one over it may be infinite as a float.
TEST(Codec, NumbersTooSmallForAScaleDecodeToZero) {
  for (const float tiny : {1e-9F, 1e-37F, std::numeric_limits<float>::denorm_min()}) {
    std::vector<float> in(32, tiny);
    in[1] = 0.0F;
    in[2] = -tiny;
    for (const DType type : {DType::kQ8_0, DType::kQ4_0}) {
      for (const float value : decode(type, encode(type, in), 32)) EXPECT_EQ(value, 0.0F);
    }
  }
}

// No undefined cast: checked under -fsanitize=float-cast-overflow, and here by the bytes.
TEST(Codec, NumbersThatAreNotFiniteStillGiveSomeBlock) {
  for (const float odd : {std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity(), std::nanf("")}) {
    std::vector<float> in(32, 1.0F);
    in[9] = odd;
    for (const DType type : {DType::kQ8_0, DType::kQ4_0}) {
      EXPECT_EQ(encode(type, in), encode(type, in)) << name(type);
    }
    EXPECT_EQ(encode(DType::kQ8_0, in)[2 + 9], std::byte{0});
  }
}

TEST(CodecDeathTest, AnUnknownTypeOrAPartialBlockIsABug) {
  std::vector<float> numbers(256);
  std::vector<std::byte> row(1024);
  EXPECT_DEATH(decode_row(DType::kQ8_K, row.data(), numbers), "check failed");
  EXPECT_DEATH(encode_row(DType::kI8, numbers, row.data()), "check failed");
  numbers.resize(33);
  EXPECT_DEATH(decode_row(DType::kQ8_0, row.data(), numbers), "check failed");
  EXPECT_DEATH(encode_row(DType::kQ4_0, numbers, row.data()), "check failed");
}

}  // namespace
}  // namespace frugal
