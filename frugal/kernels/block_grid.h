#pragma once

/// A stored block as the numbers that its elements could be, so that codes can be chosen one by one
/// under scales that are kept.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "frugal/tensor/dtype.h"

namespace frugal::kernels {

/// Types whose blocks have a grid: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K to Q6_K, IQ4_NL, IQ4_XS.
[[nodiscard]] bool has_grid(DType type);

/// number = steps[g] * level - minima[g], of element j in group g = j / group; level is low + code,
/// or the IQ4 table's entry.
struct BlockGrid {
  std::array<float, 16> steps = {};
  std::array<float, 16> inverses = {};  ///< 1 / steps; 0 where a step is 0
  std::array<float, 16> minima = {};
  std::size_t group = 32;  ///< elements
  float low = 0.0F;        ///< the lowest level
  float high = 0.0F;       ///< the highest
  bool curved = false;     ///< levels of the IQ4 table, not all whole numbers from low to high
};

/// Reads the scales of one stored block; its codes do not matter.
///
/// Errors: throws nothing; a type without a grid fails FRUGAL_CHECK.
/// Source: tensor/blocks.h.
[[nodiscard]] BlockGrid grid_of(DType type, const std::byte* block);

struct GridPoint {
  std::uint8_t code = 0;
  float number = 0.0F;  ///< as decode_row gives it, to the bit
};

/// The point of the grid nearest to x for one element; of NaN the lowest.
[[nodiscard]] GridPoint nearest_point(const BlockGrid& grid, std::size_t element, float x);

/// Replaces the codes of a stored block; its scales stay as they are.
///
/// Shapes: codes: as many as the block has elements, each as `nearest_point` gives them.
/// Errors: as grid_of.
void put_codes(DType type, std::span<const std::uint8_t> codes, std::byte* block);

}  // namespace frugal::kernels
