#pragma once

/// Private to this folder: cost of the few loops that are no kernel.

#include <cstdint>

#include "frugal/base/work.h"
#include "frugal/tensor/dtype.h"

namespace frugal::engine {

/// Embedding look-up: `rows` stored rows read and decoded to float.
[[nodiscard]] Cost decode_rows_cost(DType type, std::uint64_t rows, std::uint64_t cols);

/// Cosine and sine of each pair at each position, and one power per pair.
constexpr Cost rope_table_cost(std::uint64_t positions, std::uint64_t pairs) {
  return Cost{}
      .add(Op::kFloat, positions * pairs)
      .add(Op::kSpecial, (2 * positions * pairs) + pairs)
      .add(Traffic::kCache, 8 * positions * pairs);
}

/// x *= constant.
constexpr Cost scale_cost(std::uint64_t count) {
  return Cost{}.add(Op::kFloat, count).add(Traffic::kCache, 8 * count);
}

/// Floats written into the KV cache as elements of `element_bytes`.
constexpr Cost store_cost(std::uint64_t count, std::uint64_t element_bytes) {
  return Cost{}.add(Traffic::kCache, 4 * count).add(Traffic::kDram, element_bytes * count);
}

}  // namespace frugal::engine
