#include "frugal/kernels/block_grid.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "frugal/base/error.h"
#include "frugal/kernels/round_pack.h"
#include "frugal/tensor/blocks.h"
#include "frugal/tensor/half.h"

namespace frugal::kernels {

namespace {

template <class Block>
Block load(const std::byte* from) {
  Block block;
  std::memcpy(&block, from, sizeof block);
  return block;
}

// ---- scales of a stored block, codes left out: the inverse of round_pack.h ----------------------

template <class Block>
BlockParts scale_only(const std::byte* from) {
  BlockParts parts;
  parts.d = half_to_float(load<Block>(from).d);
  parts.scales[0] = 1;
  return parts;
}

template <class Block>
BlockParts scale_and_offset(const std::byte* from) {
  const auto block = load<Block>(from);
  BlockParts parts;
  parts.d = half_to_float(block.d);
  parts.minimum = half_to_float(block.m);
  parts.scales[0] = 1;
  return parts;
}

BlockParts scales_q2_k(const std::byte* from) {
  const auto block = load<BlockQ2_K>(from);
  BlockParts parts;
  parts.d = half_to_float(block.d);
  parts.minimum = half_to_float(block.dmin);
  for (std::size_t g = 0; g < 16; ++g) {
    parts.scales[g] = static_cast<std::int8_t>(block.scales[g] & 15);
    parts.minima[g] = static_cast<std::uint8_t>(block.scales[g] >> 4);
  }
  return parts;
}

BlockParts scales_q3_k(const std::byte* from) {
  const auto block = load<BlockQ3_K>(from);
  BlockParts parts;
  parts.d = half_to_float(block.d);
  for (int g = 0; g < 16; ++g) {
    parts.scales[g] = static_cast<std::int8_t>(scale_q3_k(block.scales, g) - 32);
  }
  return parts;
}

template <class Block>
BlockParts scales_k4(const std::byte* from) {
  const auto block = load<Block>(from);
  BlockParts parts;
  parts.d = half_to_float(block.d);
  parts.minimum = half_to_float(block.dmin);
  for (int g = 0; g < 8; ++g) {
    const ScaleMin packed = scale_min_k4(block.scales, g);
    parts.scales[g] = static_cast<std::int8_t>(packed.scale);
    parts.minima[g] = static_cast<std::uint8_t>(packed.minimum);
  }
  return parts;
}

BlockParts scales_q6_k(const std::byte* from) {
  const auto block = load<BlockQ6_K>(from);
  BlockParts parts;
  parts.d = half_to_float(block.d);
  std::memcpy(parts.scales, block.scales, sizeof block.scales);
  return parts;
}

BlockParts scales_iq4_xs(const std::byte* from) {
  const auto block = load<BlockIQ4_XS>(from);
  BlockParts parts;
  parts.d = half_to_float(block.d);
  for (int g = 0; g < 8; ++g) {
    parts.scales[g] = static_cast<std::int8_t>(scale_iq4_xs(block, g) - 32);
  }
  return parts;
}

void pack_q8_0(const BlockParts& parts, std::byte* to) {
  BlockQ8_0 block{};
  block.d = float_to_half(parts.d);
  for (std::size_t j = 0; j < 32; ++j) {
    block.qs[j] = static_cast<std::int8_t>(static_cast<int>(parts.codes[j]) - 127);
  }
  std::memcpy(to, &block, sizeof block);
}

// What is taken away from step * level: nothing, -m, or dmin times a whole number.
enum class Minimum { kNone, kOffset, kScaled };

struct Format {
  DType type;
  BlockParts (*scales)(const std::byte* from);
  Pack pack;
  std::size_t group;
  float low;
  float high;
  Minimum minimum;
};

constexpr Format kFormats[] = {
    {DType::kQ4_0, scale_only<BlockQ4_0>, pack_q4_0, 32, -8.0F, 7.0F, Minimum::kNone},
    {DType::kQ4_1, scale_and_offset<BlockQ4_1>, pack_q4_1, 32, 0.0F, 15.0F, Minimum::kOffset},
    {DType::kQ5_0, scale_only<BlockQ5_0>, pack_q5_0, 32, -16.0F, 15.0F, Minimum::kNone},
    {DType::kQ5_1, scale_and_offset<BlockQ5_1>, pack_q5_1, 32, 0.0F, 31.0F, Minimum::kOffset},
    {DType::kQ8_0, scale_only<BlockQ8_0>, pack_q8_0, 32, -127.0F, 127.0F, Minimum::kNone},
    {DType::kQ2_K, scales_q2_k, pack_q2_k, 16, 0.0F, 3.0F, Minimum::kScaled},
    {DType::kQ3_K, scales_q3_k, pack_q3_k, 16, -4.0F, 3.0F, Minimum::kNone},
    {DType::kQ4_K, scales_k4<BlockQ4_K>, pack_q4_k, 32, 0.0F, 15.0F, Minimum::kScaled},
    {DType::kQ5_K, scales_k4<BlockQ5_K>, pack_q5_k, 32, 0.0F, 31.0F, Minimum::kScaled},
    {DType::kQ6_K, scales_q6_k, pack_q6_k, 16, -32.0F, 31.0F, Minimum::kNone},
    {DType::kIQ4_NL, scale_only<BlockIQ4_NL>, pack_iq4_nl, 32, -127.0F, 113.0F, Minimum::kNone},
    {DType::kIQ4_XS, scales_iq4_xs, pack_iq4_xs, 32, -127.0F, 113.0F, Minimum::kNone},
};

const Format* find(DType type) {
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                   [type](const Format& each) { return each.type == type; });
  return found == std::end(kFormats) ? nullptr : found;
}

// The code of the level of the IQ4 table that is nearest: how many of the middles are below.
std::uint8_t curved_code(float level) {
  int code = 0;
  for (std::size_t i = 1; i < kLevelsIQ4.size(); ++i) {
    const int twice = kLevelsIQ4[i - 1] + kLevelsIQ4[i];
    code += 2.0F * level > static_cast<float>(twice) ? 1 : 0;
  }
  return static_cast<std::uint8_t>(code);
}

// Ties to even, for magnitudes below 2^22: the sum has no room for a fraction.
float nearest_whole(float value) {
  constexpr float kMagic = 12582912.0F;
  return (value + kMagic) - kMagic;
}

}  // namespace

bool has_grid(DType type) {
  return find(type) != nullptr;
}

BlockGrid grid_of(DType type, const std::byte* block) {
  const Format* format = find(type);
  FRUGAL_CHECK(format != nullptr);
  const BlockParts parts = format->scales(block);
  BlockGrid grid{.group = format->group,
                 .low = format->low,
                 .high = format->high,
                 .curved = type == DType::kIQ4_NL || type == DType::kIQ4_XS};
  const std::size_t groups = traits(type).block_elements / format->group;
  for (std::size_t g = 0; g < groups; ++g) {
    grid.steps[g] = parts.d * static_cast<float>(parts.scales[g]);
    grid.inverses[g] = grid.steps[g] == 0.0F ? 0.0F : 1.0F / grid.steps[g];
    if (format->minimum == Minimum::kOffset) grid.minima[g] = -parts.minimum;
    if (format->minimum == Minimum::kScaled) {
      grid.minima[g] = parts.minimum * static_cast<float>(parts.minima[g]);
    }
  }
  return grid;
}

GridPoint nearest_point(const BlockGrid& grid, std::size_t element, float x) {
  const std::size_t g = element / grid.group;
  const float wanted = (x + grid.minima[g]) * grid.inverses[g];
  float level = wanted > grid.low ? wanted : grid.low;  // NaN too becomes the lowest
  level = level < grid.high ? level : grid.high;
  std::uint8_t code = 0;
  if (grid.curved) {
    code = curved_code(level);
    level = static_cast<float>(kLevelsIQ4[code]);
  } else {
    level = nearest_whole(level);
    code = static_cast<std::uint8_t>(static_cast<int>(level - grid.low));
  }
  return {.code = code, .number = (grid.steps[g] * level) - grid.minima[g]};
}

void put_codes(DType type, std::span<const std::uint8_t> codes, std::byte* block) {
  const Format* format = find(type);
  FRUGAL_CHECK(format != nullptr && codes.size() == traits(type).block_elements);
  BlockParts parts = format->scales(block);
  std::copy(codes.begin(), codes.end(), parts.codes);
  format->pack(parts, block);
}

}  // namespace frugal::kernels
