#pragma once

/// Memory layout of the block formats, little-endian, exactly as in the file.

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

}  // namespace frugal
