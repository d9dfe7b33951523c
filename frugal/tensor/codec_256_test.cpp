// Blocks of 256 numbers.  Each test fills the fields through the layout as blocks.h words it,
// element by element, so that a decoder which mixes up two places fails.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "frugal/tensor/blocks.h"
#include "frugal/tensor/codec_for_test.h"

namespace frugal {
namespace {

constexpr std::uint16_t kOne = 0x3C00;
constexpr std::uint16_t kHalf = 0x3800;

// Levels that differ between neighbours, groups and halves.
int level(int element, int levels) {
  return ((element * 7) + (element / 16) + (element / 128)) % levels;
}

template <class Block>
std::vector<float> decode(DType type, const Block& block) {
  std::vector<std::byte> row(sizeof block);
  std::memcpy(row.data(), &block, sizeof block);
  return codec_test::decode(type, row, Block::kElements);
}

template <class Byte>
void put(Byte& byte, int shift, int value) {
  byte = static_cast<Byte>(byte | (value << shift));
}

TEST(Codec256, DecodesAQ2_KBlockByHand) {
  BlockQ2_K block{};
  block.d = kHalf;
  block.dmin = kOne;
  for (int g = 0; g < 16; ++g) put(block.scales[g], 0, g | ((15 - g) << 4));
  for (int e = 0; e < 256; ++e) {
    put(block.qs[(32 * (e / 128)) + (e % 32)], 2 * ((e % 128) / 32), level(e, 4));
  }
  const std::vector<float> out = decode(DType::kQ2_K, block);
  for (int e = 0; e < 256; ++e) {
    const int g = e / 16;
    EXPECT_EQ(out[static_cast<std::size_t>(e)],
              (0.5F * static_cast<float>(g * level(e, 4))) - static_cast<float>(15 - g))
        << e;
  }
}

// Scales 4 g + 3 of Q3_K, packed as ggml does: four bits in a nibble, two above.
TEST(Codec256, DecodesAQ3_KBlockByHand) {
  BlockQ3_K block{};
  block.d = kHalf;
  const auto scale = [](int g) { return ((g * 4) + 3) ^ ((g % 2) * 32); };
  for (int g = 0; g < 16; ++g) {
    put(block.scales[g % 8], g < 8 ? 0 : 4, scale(g) & 15);
    put(block.scales[8 + (g % 4)], 2 * (g / 4), scale(g) >> 4);
  }
  for (int e = 0; e < 256; ++e) {
    put(block.qs[(32 * (e / 128)) + (e % 32)], 2 * ((e % 128) / 32), level(e, 8) & 3);
    put(block.hmask[e % 32], e / 32, level(e, 8) >> 2);
  }
  const std::vector<float> out = decode(DType::kQ3_K, block);
  for (int e = 0; e < 256; ++e) {
    EXPECT_EQ(out[static_cast<std::size_t>(e)],
              0.5F * static_cast<float>((scale(e / 16) - 32) * (level(e, 8) - 4)))
        << e;
  }
}

struct Packed {
  std::array<int, 8> scale;
  std::array<int, 8> minimum;
};

constexpr Packed kPacked = {.scale = {1, 63, 17, 32, 48, 5, 62, 31},
                            .minimum = {2, 33, 0, 63, 16, 47, 1, 60}};

void pack(std::uint8_t* scales) {
  for (int g = 0; g < 4; ++g) {
    const auto low = static_cast<std::size_t>(g);
    const std::size_t high = low + 4;
    put(scales[g], 0, kPacked.scale[low] | ((kPacked.scale[high] >> 4) << 6));
    put(scales[g + 4], 0, kPacked.minimum[low] | ((kPacked.minimum[high] >> 4) << 6));
    put(scales[g + 8], 0, (kPacked.scale[high] & 15) | ((kPacked.minimum[high] & 15) << 4));
  }
}

// What element e of a block with these scales, d = 0.5 and dmin = 1 stands for.
float with_minimum(int e, int q) {
  const auto g = static_cast<std::size_t>(e / 32);
  return (0.5F * static_cast<float>(kPacked.scale[g] * q)) - static_cast<float>(kPacked.minimum[g]);
}

TEST(Codec256, DecodesAQ4_KBlockByHand) {
  BlockQ4_K block{};
  block.d = kHalf;
  block.dmin = kOne;
  pack(block.scales);
  for (int e = 0; e < 256; ++e) {
    put(block.qs[(32 * (e / 64)) + (e % 32)], 4 * ((e / 32) % 2), level(e, 16));
  }
  const std::vector<float> out = decode(DType::kQ4_K, block);
  for (int e = 0; e < 256; ++e) {
    EXPECT_EQ(out[static_cast<std::size_t>(e)], with_minimum(e, level(e, 16))) << e;
  }
}

TEST(Codec256, DecodesAQ5_KBlockByHand) {
  BlockQ5_K block{};
  block.d = kHalf;
  block.dmin = kOne;
  pack(block.scales);
  for (int e = 0; e < 256; ++e) {
    put(block.qs[(32 * (e / 64)) + (e % 32)], 4 * ((e / 32) % 2), level(e, 32) & 15);
    put(block.qh[e % 32], e / 32, level(e, 32) >> 4);
  }
  const std::vector<float> out = decode(DType::kQ5_K, block);
  for (int e = 0; e < 256; ++e) {
    EXPECT_EQ(out[static_cast<std::size_t>(e)], with_minimum(e, level(e, 32))) << e;
  }
}

TEST(Codec256, DecodesAQ6_KBlockByHand) {
  BlockQ6_K block{};
  block.d = kHalf;
  for (int g = 0; g < 16; ++g) block.scales[g] = static_cast<std::int8_t>((g * 17) - 128);
  for (int e = 0; e < 256; ++e) {
    const int half = e / 128;
    const int part = (e % 128) / 32;
    put(block.ql[(64 * half) + (32 * (part % 2)) + (e % 32)], 4 * (part / 2), level(e, 64) & 15);
    put(block.qh[(32 * half) + (e % 32)], 2 * part, level(e, 64) >> 4);
  }
  const std::vector<float> out = decode(DType::kQ6_K, block);
  for (int e = 0; e < 256; ++e) {
    EXPECT_EQ(out[static_cast<std::size_t>(e)],
              0.5F * static_cast<float>((((e / 16) * 17) - 128) * (level(e, 64) - 32)))
        << e;
  }
}

TEST(Codec256, DecodesAnIQ4_XSBlockByHand) {
  BlockIQ4_XS block{};
  block.d = kHalf;
  for (int g = 0; g < 8; ++g) {
    const int scale = kPacked.scale[static_cast<std::size_t>(g)];
    put(block.scales_l[g / 2], 4 * (g % 2), scale & 15);
    put(block.scales_h, 2 * g, scale >> 4);
  }
  for (int e = 0; e < 256; ++e) {
    put(block.qs[(16 * (e / 32)) + (e % 16)], 4 * ((e % 32) / 16), level(e, 16));
  }
  const std::vector<float> out = decode(DType::kIQ4_XS, block);
  for (int e = 0; e < 256; ++e) {
    const int scale = kPacked.scale[static_cast<std::size_t>(e / 32)] - 32;
    const int number = kLevelsIQ4[static_cast<std::size_t>(level(e, 16))];
    EXPECT_EQ(out[static_cast<std::size_t>(e)], 0.5F * static_cast<float>(scale * number)) << e;
  }
}

// A scale that is no power of two shows where the format rounds: (d * scale) first, then times the
// level, then less (dmin * minimum), each to the nearest float.
TEST(Codec256, TheGroupsScaleIsRoundedBeforeTheLevel) {
  BlockQ6_K block{};
  block.d = 0x3555;  // 0.333251953125
  block.scales[0] = 113;
  block.ql[0] = 15;
  block.qh[0] = 3;  // level 31
  const float d = half_to_float(block.d);
  volatile float scale = d * 113.0F;
  EXPECT_EQ(decode(DType::kQ6_K, block)[0], scale * 31.0F);
}

TEST(Codec256, ABlockOfZeroBytesIsZeroInEveryType) {
  for (const DType type :
       {DType::kQ2_K, DType::kQ3_K, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kIQ4_XS}) {
    const std::vector<std::byte> row(row_bytes(type, 512).value());
    for (const float value : codec_test::decode(type, row, 512)) EXPECT_EQ(value, 0.0F);
  }
}

// The largest half times the largest scale and level: no type overflows a float.
TEST(Codec256, TheLargestFiniteScalesStayFinite) {
  for (const DType type :
       {DType::kQ2_K, DType::kQ3_K, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kIQ4_XS}) {
    std::vector<std::byte> row(row_bytes(type, 256).value(), std::byte{0xFF});
    const bool scale_first = type == DType::kQ4_K || type == DType::kQ5_K || type == DType::kIQ4_XS;
    const bool has_minimum = type == DType::kQ2_K || type == DType::kQ4_K || type == DType::kQ5_K;
    const std::size_t halves = has_minimum ? 2 : 1;
    for (std::size_t i = 0; i < halves; ++i) {
      const std::size_t at = scale_first ? 2 * i : row.size() - (2 * (i + 1));
      row[at] = std::byte{0xFF};
      row[at + 1] = std::byte{0x7B};  // 65504
    }
    for (const float value : codec_test::decode(type, row, 256)) {
      EXPECT_TRUE(std::isfinite(value)) << name(type);
    }
  }
}

TEST(Codec256, BlocksMayLieAtAnyAddressAndAreIndependent) {
  for (const DType type :
       {DType::kQ2_K, DType::kQ3_K, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kIQ4_XS}) {
    const std::size_t bytes = row_bytes(type, 256).value();
    std::vector<std::byte> row((2 * bytes) + 1);
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = static_cast<std::byte>(((i * 37) + 11) & 0x3BU);  // no exponent of all ones
    }
    std::vector<float> both(512);
    decode_row(type, row.data() + 1, both);
    std::vector<float> second(256);
    decode_row(type, row.data() + 1 + bytes, second);
    EXPECT_TRUE(std::equal(second.begin(), second.end(), both.begin() + 256)) << name(type);
  }
}

}  // namespace
}  // namespace frugal
