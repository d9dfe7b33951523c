#pragma once

/// The int8 of the textbooks, scale and zero point: a yardstick for the block formats, never a
/// file.

#include <cstddef>
#include <vector>

#include "frugal/tensor/view.h"

namespace frugal::compress {

/// What shares a scale and a zero point.
enum class Granularity { kTensor, kRow, kGroup };

struct AffineInt8 {
  std::vector<float> numbers;    ///< [rows][cols]: what the codes stand for
  double bits_per_weight = 0.0;  ///< 8, and 40 for each scale (f32) and zero point (u8)
  double mean_squared_error = 0.0;
};

/// q = clamp(round(w / s) + z, 0, 255), number = s (q - z), with s = (max - min) / 255 and z =
/// round(-min / s) over what shares them, 0 always between min and max
///
/// Shapes:  weights: [rows, cols]; group: numbers of a row that share, for kGroup; the last of a
/// row
///          may be shorter.
/// Errors:  a group of 0 with kGroup is a bug.  Numbers must be finite.
/// Source:  Jacob et al. 2018, arXiv:1712.05877, eq. 1; `quant.py` of GPTQ.
[[nodiscard]] AffineInt8 affine_int8(MatrixView<const float> weights, Granularity granularity,
                                     std::size_t group = 0);

}  // namespace frugal::compress
