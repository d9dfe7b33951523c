#pragma once

/// Private to this folder: what the block formats have in common, so that one integer product
/// serves them all.
///
/// Every format cuts a row into blocks of 32 weights.  A weight is an integer of few bits, and
///
///     w[j] = scale * group[j / 16] * (u[j] - zero) + minimum[j / (32 / minima)]
///
/// where `group` is 1 but for kGrouped, and `minimum` is 0 where `minima` is 0.  Formats whose
/// stored integers have no zero point may be given one here (u - zero with the minimum raised by
/// scale * zero) to keep sums small.

#include "frugal/tensor/blocks.h"
#include "frugal/tensor/dtype.h"

namespace frugal::kernels {

enum class Arithmetic {
  kSmall,    ///< 0 <= u < 32, one scale per 32
  kGrouped,  ///< 0 <= u < 64, an int8 factor per 16 and a float32 scale
  kSigned,   ///< -128 <= u < 128, zero = 0, one scale per 32
};

struct BlockFormat {
  Arithmetic arithmetic;
  int zero;    ///< 0 or a power of two
  int minima;  ///< per 32 weights: 0, 1 or 2

  constexpr bool operator==(const BlockFormat&) const = default;
};

/// What kernels do with a type; for types that come in blocks only.
constexpr BlockFormat block_format(DType type) {
  switch (type) {
    case DType::kQ4_0:
      return {Arithmetic::kSmall, 8, 0};
    case DType::kQ4_1:
    case DType::kQ4_K:
      return {Arithmetic::kSmall, 0, 1};
    case DType::kQ5_0:
    case DType::kMXFP4:
      return {Arithmetic::kSmall, 16, 0};
    case DType::kQ5_1:
    case DType::kQ5_K:
      return {Arithmetic::kSmall, 16, 1};
    case DType::kQ2_K:
      return {Arithmetic::kGrouped, 0, 2};
    case DType::kQ3_K:
      return {Arithmetic::kGrouped, 4, 0};
    case DType::kQ6_K:
      return {Arithmetic::kGrouped, 32, 0};
    default:  // Q8_0, IQ4_NL, IQ4_XS
      return {Arithmetic::kSigned, 0, 0};
  }
}

/// How the blocks of 32 lie in memory: `blocks` of them in `bytes` bytes.
struct StoredBlock {
  std::size_t blocks;
  std::size_t bytes;
};

template <class Block>
constexpr StoredBlock stored_as() {
  return {Block::kElements / 32, sizeof(Block)};
}

constexpr StoredBlock stored_block(DType type) {
  switch (type) {
    case DType::kQ4_0:
      return stored_as<BlockQ4_0>();
    case DType::kQ4_1:
      return stored_as<BlockQ4_1>();
    case DType::kQ5_0:
      return stored_as<BlockQ5_0>();
    case DType::kQ5_1:
      return stored_as<BlockQ5_1>();
    case DType::kQ2_K:
      return stored_as<BlockQ2_K>();
    case DType::kQ3_K:
      return stored_as<BlockQ3_K>();
    case DType::kQ4_K:
      return stored_as<BlockQ4_K>();
    case DType::kQ5_K:
      return stored_as<BlockQ5_K>();
    case DType::kQ6_K:
      return stored_as<BlockQ6_K>();
    case DType::kIQ4_NL:
      return stored_as<BlockIQ4_NL>();
    case DType::kIQ4_XS:
      return stored_as<BlockIQ4_XS>();
    case DType::kMXFP4:
      return stored_as<BlockMXFP4>();
    default:
      return stored_as<BlockQ8_0>();
  }
}

}  // namespace frugal::kernels
