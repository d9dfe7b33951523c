#pragma once

/// Numbers to stored rows and back: the definition of each format, one row at a time.

#include <cstddef>
#include <span>

#include "frugal/tensor/dtype.h"

namespace frugal {

/// Types that `decode_row` knows: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K to Q6_K,
/// IQ4_NL, IQ4_XS, MXFP4.
[[nodiscard]] bool can_decode(DType type);

/// Types that `encode_row` knows: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0.
[[nodiscard]] bool can_encode(DType type);

/// out[c] = the number that element c of the stored row stands for.
///
/// Shapes:  row: row_bytes(type, out.size()) bytes, any alignment.
/// Numbers: float32; bit-equal to the format's definition.
/// Errors:  a type that cannot be decoded or a length that is no multiple of the block is a bug.
/// Source:  GGUF block layouts (ggml-common.h); docs/formats/gguf.md.
void decode_row(DType type, const std::byte* row, std::span<float> out);

/// Rounds each number to the nearest that the format can hold (per block, one pass, no search).
///
/// Shapes:  row: row_bytes(type, in.size()) bytes, any alignment.
/// Numbers: Q8_0: d = max|x| / 127, q = round half away from zero (x / d).  Q4_0: d = x_m / -8 with
///          x_m the value of largest magnitude, q = min(15, trunc(x / d + 8.5)).  Q5_0: the same
///          with -16, 31, 16.5.  Q4_1, Q5_1: m = min x, d = (max x - m) / 15 or 31, q = trunc((x -
///          m) / d + 0.5).  Byte-identical to llama.cpp's reference for finite input.  A NaN, and
///          every number of a block that holds an infinity, gets some level: check the weights
///          before where that matters.
/// Errors:  as decode_row.
/// Source:  `quantize_row_q4_0_ref` and its neighbours (ggml-quants.c).
void encode_row(DType type, std::span<const float> in, std::byte* row);

}  // namespace frugal
