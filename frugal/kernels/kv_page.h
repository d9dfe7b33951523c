#pragma once

/// The KV cache in memory: pages of positions, one block per layer and head.
///
/// A block holds the keys and values of kPagePositions positions of one head:
///   kF32, kF16   keys [head_dim][positions], then values [positions][head_dim]
///   kQ8_0        the same as int8; then binary16 scales of the keys [head_dim / 32][positions],
///                then of the values [positions][head_dim / 32]
/// Keys lie transposed, so that the scores of neighbouring positions are neighbours in a vector and
/// no product ends in a horizontal sum.

#include <cstddef>

#include "frugal/kernels/kernels.h"

namespace frugal::kernels {

/// Errors: kQ8_0 with a head_dim that is no multiple of 32 is a bug.
[[nodiscard]] std::size_t kv_block_bytes(KvType type, std::size_t head_dim);

/// Bytes of one number, scales included, in thirty-seconds: 128, 64 or 34.
[[nodiscard]] constexpr std::size_t kv_bytes_per_32(KvType type) {
  return type == KvType::kF32 ? 128 : (type == KvType::kF16 ? 64 : 34);
}

/// Where one position of one head lies.
struct KvSlot {
  KvType type = KvType::kF16;
  std::size_t head_dim = 0;
  std::byte* block = nullptr;
  std::size_t position = 0;  ///< within the page
};

/// Writes key and value of one position of one head into its block.
///
/// Shapes:  key, value: [head_dim]; slot.position < kPagePositions.
/// Numbers: kF16 rounds to nearest even; kQ8_0 rounds each 32 elements as `quantize` does.
/// Threads: positions and blocks may be written side by side, and other positions read meanwhile.
void store_kv(const Kernels& kernels, const KvSlot& slot, const float* key, const float* value);

}  // namespace frugal::kernels
