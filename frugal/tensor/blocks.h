#pragma once

/// Memory layout of the block formats, little-endian, exactly as in the file.
///
/// Scales named d (and minima m, dmin) are binary16.  Nibbles: unless said otherwise the low nibble
/// of byte j is element j of its run and the high nibble element j + (run / 2).
/// Source: ggml-common.h; docs/formats/gguf.md.

#include <array>
#include <cstdint>

namespace frugal {

/// 32 numbers: w[j] = d * qs[j].
struct BlockQ8_0 {
  static constexpr int kElements = 32;
  std::uint16_t d;  ///< binary16 scale
  std::int8_t qs[kElements];
};
static_assert(sizeof(BlockQ8_0) == 34);

/// 32 numbers: w[j] = d * (q[j] - 8); element j is the low nibble of qs[j], j + 16 the high one.
struct BlockQ4_0 {
  static constexpr int kElements = 32;
  std::uint16_t d;  ///< binary16 scale
  std::uint8_t qs[kElements / 2];
};
static_assert(sizeof(BlockQ4_0) == 18);

/// 32 numbers: w[j] = d * q[j] + m; nibbles as in Q4_0.
struct BlockQ4_1 {
  static constexpr int kElements = 32;
  std::uint16_t d;
  std::uint16_t m;
  std::uint8_t qs[kElements / 2];
};
static_assert(sizeof(BlockQ4_1) == 20);

/// 32 numbers: w[j] = d * (q[j] - 16); nibbles as in Q4_0, the fifth bit of element j is bit j of
/// the little-endian 32-bit word qh.
struct BlockQ5_0 {
  static constexpr int kElements = 32;
  std::uint16_t d;
  std::uint8_t qh[4];
  std::uint8_t qs[kElements / 2];
};
static_assert(sizeof(BlockQ5_0) == 22);

/// 32 numbers: w[j] = d * q[j] + m; bits as in Q5_0.
struct BlockQ5_1 {
  static constexpr int kElements = 32;
  std::uint16_t d;
  std::uint16_t m;
  std::uint8_t qh[4];
  std::uint8_t qs[kElements / 2];
};
static_assert(sizeof(BlockQ5_1) == 24);

/// 256 numbers in 16 groups of 16: w = d * (scales[g] & 15) * q - dmin * (scales[g] >> 4).
/// Element 128 h + 32 p + l is bits 2p, 2p + 1 of qs[32 h + l]; its group is 8 h + 2 p + (l / 16).
struct BlockQ2_K {
  static constexpr int kElements = 256;
  std::uint8_t scales[16];
  std::uint8_t qs[64];
  std::uint16_t d;
  std::uint16_t dmin;
};
static_assert(sizeof(BlockQ2_K) == 84);

/// 256 numbers in 16 groups of 16: w = d * (scale[g] - 32) * (q - 4), q of three bits.
/// The low two bits lie as in Q2_K; the third of element 128 h + 32 p + l is bit 4 h + p of
/// hmask[l].  The 6-bit scales: see `scale_q3_k`.
struct BlockQ3_K {
  static constexpr int kElements = 256;
  std::uint8_t hmask[32];
  std::uint8_t qs[64];
  std::uint8_t scales[12];
  std::uint16_t d;
};
static_assert(sizeof(BlockQ3_K) == 110);

/// 256 numbers in 8 groups of 32: w = d * scale[g] * q - dmin * minimum[g] (see `scale_min_k4`).
/// Element 64 c + l is the low nibble of qs[32 c + l], 64 c + 32 + l the high one.
struct BlockQ4_K {
  static constexpr int kElements = 256;
  std::uint16_t d;
  std::uint16_t dmin;
  std::uint8_t scales[12];
  std::uint8_t qs[128];
};
static_assert(sizeof(BlockQ4_K) == 144);

/// As Q4_K with a fifth bit: of element 32 g + l it is bit g of qh[l].
struct BlockQ5_K {
  static constexpr int kElements = 256;
  std::uint16_t d;
  std::uint16_t dmin;
  std::uint8_t scales[12];
  std::uint8_t qh[32];
  std::uint8_t qs[128];
};
static_assert(sizeof(BlockQ5_K) == 176);

/// 256 numbers in 16 groups of 16: w = d * scales[g] * (q - 32), q of six bits.
/// Element 128 h + 32 p + l: low bits are nibble p / 2 of ql[64 h + 32 (p % 2) + l], high bits are
/// bits 2p, 2p + 1 of qh[32 h + l]; its group is 8 h + 2 p + (l / 16).
struct BlockQ6_K {
  static constexpr int kElements = 256;
  std::uint8_t ql[128];
  std::uint8_t qh[64];
  std::int8_t scales[16];
  std::uint16_t d;
};
static_assert(sizeof(BlockQ6_K) == 210);

/// 32 numbers: w[j] = d * kLevelsIQ4[q[j]]; nibbles as in Q4_0.
struct BlockIQ4_NL {
  static constexpr int kElements = 32;
  std::uint16_t d;
  std::uint8_t qs[kElements / 2];
};
static_assert(sizeof(BlockIQ4_NL) == 18);

/// 256 numbers in 8 groups of 32: w = d * (scale[g] - 32) * kLevelsIQ4[q] (see `scale_iq4_xs`).
/// Element 32 g + j is the low nibble of qs[16 g + j], 32 g + 16 + j the high one.
struct BlockIQ4_XS {
  static constexpr int kElements = 256;
  std::uint16_t d;
  std::uint16_t scales_h;
  std::uint8_t scales_l[4];
  std::uint8_t qs[128];
};
static_assert(sizeof(BlockIQ4_XS) == 136);

/// 32 numbers: w[j] = (2^(e - 127) / 2) * kLevelsMXFP4[q[j]]; nibbles as in Q4_0.
struct BlockMXFP4 {
  static constexpr int kElements = 32;
  std::uint8_t e;  ///< E8M0: a biased power of two
  std::uint8_t qs[kElements / 2];
};
static_assert(sizeof(BlockMXFP4) == 17);

/// What a nibble of IQ4_NL and IQ4_XS stands for.
inline constexpr std::array<std::int8_t, 16> kLevelsIQ4 = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// What a nibble of MXFP4 stands for, doubled so that it is whole (E2M1: 0, 0.5, 1, … 6).
inline constexpr std::array<std::int8_t, 16> kLevelsMXFP4 = {0, 1,  2,  3,  4,  6,  8,  12,
                                                             0, -1, -2, -3, -4, -6, -8, -12};

/// A 6-bit scale and a 6-bit minimum.
struct ScaleMin {
  int scale;
  int minimum;
};

/// Group 0 <= g < 8 of the twelve packed bytes of Q4_K and Q5_K: groups 0 to 3 in the low six bits
/// of bytes g (scale) and g + 4 (minimum); of groups 4 to 7 the low four bits in the two nibbles of
/// byte g + 4 and the upper two bits on top of bytes g - 4 and g.
constexpr ScaleMin scale_min_k4(const std::uint8_t* scales, int g) {
  if (g < 4) return {.scale = scales[g] & 63, .minimum = scales[g + 4] & 63};
  return {.scale = (scales[g + 4] & 15) | ((scales[g - 4] >> 6) << 4),
          .minimum = (scales[g + 4] >> 4) | ((scales[g] >> 6) << 4)};
}

/// Group 0 <= g < 16 of the twelve packed bytes of Q3_K, 0 to 63: the low four bits in nibble g / 8
/// of byte g % 8, the upper two in bits 2 (g / 4), 2 (g / 4) + 1 of byte 8 + g % 4.
constexpr int scale_q3_k(const std::uint8_t* scales, int g) {
  const int low = (scales[g % 8] >> (4 * (g / 8))) & 15;
  const int high = (scales[8 + (g % 4)] >> (2 * (g / 4))) & 3;
  return low | (high << 4);
}

/// Group 0 <= g < 8 of IQ4_XS, 0 to 63: the low four bits in nibble g % 2 of scales_l[g / 2], the
/// upper two in bits 2g, 2g + 1 of scales_h.
constexpr int scale_iq4_xs(const BlockIQ4_XS& block, int g) {
  const int low = (block.scales_l[g / 2] >> (4 * (g % 2))) & 15;
  return low | (((block.scales_h >> (2 * g)) & 3) << 4);
}

}  // namespace frugal
