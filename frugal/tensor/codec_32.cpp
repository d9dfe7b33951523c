// Blocks of 32 numbers: one scale, and a minimum or a table of levels where the format has one.

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "frugal/tensor/blocks.h"
#include "frugal/tensor/codec_rows.h"
#include "frugal/tensor/half.h"

namespace frugal::codec {

namespace {

// Sets out[j] = number(q) for the 16 low nibbles, then the 16 high ones.
template <class Number>
void each_nibble(const std::uint8_t* qs, float* out, const Number& number) {
  for (int j = 0; j < 16; ++j) {
    out[j] = number(qs[j] & 15);
    out[j + 16] = number(qs[j] >> 4);
  }
}

// The same with the fifth bit of element j from bit j of the word `high`.
template <class Number>
void each_five_bits(const std::uint8_t* qs, const std::uint8_t* qh, float* out,
                    const Number& number) {
  const auto high = std::bit_cast<std::uint32_t>(std::array{qh[0], qh[1], qh[2], qh[3]});
  const auto fifth = [high](int j) { return static_cast<int>((high >> j) & 1U) << 4; };
  for (int j = 0; j < 16; ++j) {
    out[j] = number((qs[j] & 15) | fifth(j));
    out[j + 16] = number((qs[j] >> 4) | fifth(j + 16));
  }
}

// 2^(e - 128).  The two smallest are denormal; 255, a NaN by the standard, is 2^127 in this format.
float half_power(std::uint8_t e) {
  return std::bit_cast<float>(e < 2 ? 0x00200000U << e : static_cast<std::uint32_t>(e - 1) << 23U);
}

// Truncates towards zero.  A NaN or a number that no int holds gives 0: the cast alone would be
// undefined, and 0 is what the low byte of the reference's cast is on x86-64.
int whole(float x) {
  return std::abs(x) < 0x1p30F ? static_cast<int>(x) : 0;
}

// The number of largest magnitude among 32, the first of equals, with its sign.
float signed_largest(const float* in) {
  float largest = 0.0F;
  float with_sign = 0.0F;
  for (int j = 0; j < 32; ++j) {
    if (std::abs(in[j]) > largest) {
      largest = std::abs(in[j]);
      with_sign = in[j];
    }
  }
  return with_sign;
}

struct Range {
  float low = std::numeric_limits<float>::max();
  float high = -std::numeric_limits<float>::max();
};

Range range_of(const float* in) {
  Range range;
  for (int j = 0; j < 32; ++j) {
    if (in[j] < range.low) range.low = in[j];
    if (in[j] > range.high) range.high = in[j];
  }
  return range;
}

float inverse_of(float d) {
  return d != 0.0F ? 1.0F / d : 0.0F;
}

// Packs 32 levels of at most five bits; `qh` is null where four are enough.
template <class Level>
void pack(std::uint8_t* qs, std::uint8_t* qh, const Level& level) {
  std::uint32_t high = 0;
  for (int j = 0; j < 16; ++j) {
    const auto first = static_cast<std::uint32_t>(level(j));
    const auto second = static_cast<std::uint32_t>(level(j + 16));
    qs[j] = static_cast<std::uint8_t>((first & 15U) | ((second & 15U) << 4U));
    high |= ((first >> 4U) & 1U) << j;
    high |= ((second >> 4U) & 1U) << (j + 16);
  }
  if (qh != nullptr) std::memcpy(qh, &high, sizeof high);
}

}  // namespace

void decode_q4_0(const std::byte* row, std::span<float> out) {
  each_block<BlockQ4_0>(row, out, [](const BlockQ4_0& block, float* to) {
    const float d = half_to_float(block.d);
    each_nibble(block.qs, to, [d](int q) { return d * static_cast<float>(q - 8); });
  });
}

void decode_q4_1(const std::byte* row, std::span<float> out) {
  each_block<BlockQ4_1>(row, out, [](const BlockQ4_1& block, float* to) {
    const float d = half_to_float(block.d);
    const float m = half_to_float(block.m);
    each_nibble(block.qs, to, [d, m](int q) { return (d * static_cast<float>(q)) + m; });
  });
}

void decode_q5_0(const std::byte* row, std::span<float> out) {
  each_block<BlockQ5_0>(row, out, [](const BlockQ5_0& block, float* to) {
    const float d = half_to_float(block.d);
    each_five_bits(block.qs, block.qh, to, [d](int q) { return d * static_cast<float>(q - 16); });
  });
}

void decode_q5_1(const std::byte* row, std::span<float> out) {
  each_block<BlockQ5_1>(row, out, [](const BlockQ5_1& block, float* to) {
    const float d = half_to_float(block.d);
    const float m = half_to_float(block.m);
    each_five_bits(block.qs, block.qh, to,
                   [d, m](int q) { return (d * static_cast<float>(q)) + m; });
  });
}

void decode_q8_0(const std::byte* row, std::span<float> out) {
  each_block<BlockQ8_0>(row, out, [](const BlockQ8_0& block, float* to) {
    const float d = half_to_float(block.d);
    for (int j = 0; j < 32; ++j) to[j] = d * static_cast<float>(block.qs[j]);
  });
}

void decode_iq4_nl(const std::byte* row, std::span<float> out) {
  each_block<BlockIQ4_NL>(row, out, [](const BlockIQ4_NL& block, float* to) {
    const float d = half_to_float(block.d);
    each_nibble(block.qs, to, [d](int q) {
      return d * static_cast<float>(kLevelsIQ4[static_cast<std::size_t>(q)]);
    });
  });
}

void decode_mxfp4(const std::byte* row, std::span<float> out) {
  each_block<BlockMXFP4>(row, out, [](const BlockMXFP4& block, float* to) {
    const float d = half_power(block.e);
    each_nibble(block.qs, to, [d](int q) {
      return d * static_cast<float>(kLevelsMXFP4[static_cast<std::size_t>(q)]);
    });
  });
}

void encode_q4_0(std::span<const float> in, std::byte* row) {
  each_block<BlockQ4_0>(in, row, [](const float* x) {
    const float d = signed_largest(x) / -8.0F;
    const float inverse = inverse_of(d);
    BlockQ4_0 block{};
    block.d = float_to_half(d);
    pack(block.qs, nullptr, [&](int j) { return std::min(15, whole((x[j] * inverse) + 8.5F)); });
    return block;
  });
}

void encode_q4_1(std::span<const float> in, std::byte* row) {
  each_block<BlockQ4_1>(in, row, [](const float* x) {
    const Range range = range_of(x);
    const float d = (range.high - range.low) / 15.0F;
    const float inverse = inverse_of(d);
    BlockQ4_1 block{};
    block.d = float_to_half(d);
    block.m = float_to_half(range.low);
    pack(block.qs, nullptr,
         [&](int j) { return std::min(15, whole(((x[j] - range.low) * inverse) + 0.5F)); });
    return block;
  });
}

void encode_q5_0(std::span<const float> in, std::byte* row) {
  each_block<BlockQ5_0>(in, row, [](const float* x) {
    const float d = signed_largest(x) / -16.0F;
    const float inverse = inverse_of(d);
    BlockQ5_0 block{};
    block.d = float_to_half(d);
    pack(block.qs, block.qh, [&](int j) { return std::min(31, whole((x[j] * inverse) + 16.5F)); });
    return block;
  });
}

void encode_q5_1(std::span<const float> in, std::byte* row) {
  each_block<BlockQ5_1>(in, row, [](const float* x) {
    const Range range = range_of(x);
    const float d = (range.high - range.low) / 31.0F;
    const float inverse = inverse_of(d);
    BlockQ5_1 block{};
    block.d = float_to_half(d);
    block.m = float_to_half(range.low);
    pack(block.qs, block.qh, [&](int j) { return whole(((x[j] - range.low) * inverse) + 0.5F); });
    return block;
  });
}

void encode_q8_0(std::span<const float> in, std::byte* row) {
  each_block<BlockQ8_0>(in, row, [](const float* x) {
    float largest = 0.0F;
    for (int j = 0; j < 32; ++j) largest = std::max(largest, std::abs(x[j]));
    const float d = largest / 127.0F;
    const float inverse = inverse_of(d);
    BlockQ8_0 block{};
    block.d = float_to_half(d);
    for (int j = 0; j < 32; ++j) {
      block.qs[j] = static_cast<std::int8_t>(whole(std::round(x[j] * inverse)));
    }
    return block;
  });
}

}  // namespace frugal::codec
